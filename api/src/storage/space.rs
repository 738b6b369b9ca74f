//! The free space where the database and the documents are stored, and the minimum below which uploads are refused.
//!
//! Uploads are refused first, so that small writes, including audit entries, remain possible until space is freed.

use crate::wire::byte_size::ByteSize;
use crate::wire::{Code, Error, Result};
use entity::cause::with_sources;
use std::path::{Path, PathBuf};

/// The name of the volume of an SQLite file.
pub const DATABASE: &str = "database";

/// A directory on a volume that can fill up.
#[derive(Clone, Debug)]
struct Watched {
    name: &'static str,
    directory: PathBuf,
}

/// The volumes of this host that the service writes to; none for a PostgreSQL server and a bucket.
#[derive(Clone, Debug)]
pub struct Space {
    watched: Vec<Watched>,
    min_free_bytes: u64,
}

impl Space {
    /// `database_url` is watched if it is an SQLite file, `documents` if they are stored in a directory.
    pub fn new(database_url: &str, documents: Option<&Path>, min_free: ByteSize) -> Self {
        let database = sqlite_directory(database_url).map(|directory| Watched { name: DATABASE, directory });
        let documents = documents.map(|directory| Watched { name: "documents", directory: directory.to_owned() });
        Self { watched: database.into_iter().chain(documents).collect(), min_free_bytes: min_free.0 }
    }

    pub fn min_free_bytes(&self) -> u64 {
        self.min_free_bytes
    }

    /// The free bytes of each volume, where the operating system reports them.
    pub fn free(&self) -> impl Iterator<Item = (&'static str, u64)> {
        self.watched.iter().filter_map(|watched| match rustix::fs::statvfs(&watched.directory) {
            Ok(volume) => Some((watched.name, volume.f_bavail.saturating_mul(volume.f_frsize))),
            Err(error) => {
                tracing::warn!(volume = watched.name, cause = with_sources(&error), "free space is unknown");
                None
            }
        })
    }

    /// Refuses an upload while there is too little free space.
    pub fn ensure_room(&self) -> Result<()> {
        match self.free().find(|(_, free_bytes)| *free_bytes < self.min_free_bytes) {
            None => Ok(()),
            Some((volume, free_bytes)) => {
                tracing::warn!(volume, free_bytes, min_free_bytes = self.min_free_bytes, "upload refused: too little free space");
                Err(Error::plain(Code::InsufficientStorage))
            }
        }
    }
}

/// The directory of the file in an SQLite URL.
fn sqlite_directory(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?;
    let path = Path::new(path.strip_prefix("//").unwrap_or(path).split('?').next()?);
    let directory = path.parent()?;
    Some(if directory.as_os_str().is_empty() { PathBuf::from(".") } else { directory.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_free_space_of_local_files_is_monitored() {
        let names = |url: &str, documents: Option<&str>| {
            let space = Space::new(url, documents.map(Path::new), ByteSize(0));
            space.free().map(|(name, _)| name).collect::<Vec<_>>()
        };
        assert_eq!(names("sqlite:///tmp/a.db?mode=rwc", Some("/tmp")), ["database", "documents"]);
        assert_eq!(names("sqlite://a.db", None), ["database"]);
        assert_eq!(names("postgres://localhost/casetrail", None), [""; 0]);
    }

    #[test]
    fn too_little_free_space_is_refused() {
        let space = |min| Space::new("sqlite:///tmp/a.db", None, ByteSize(min));
        assert!(space(0).ensure_room().is_ok());
        assert_eq!(space(u64::MAX).ensure_room().unwrap_err().code, Code::InsufficientStorage);
    }
}
