//! The storage of the documents' bytes, each under its document's id: a directory, or an S3-compatible bucket.

mod incoming;
mod place;
mod space;

pub use incoming::Incoming;
pub use space::{DATABASE, Space};

use crate::wire::{Code, Error};
use actix_web::web::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use entity::cause::with_sources;
use futures_util::stream::{BoxStream, Stream, StreamExt};
use futures_util::{TryStreamExt, future};
use object_store::path::Path;
use object_store::{GetOptions, ObjectStore, ObjectStoreExt};
use place::Place;
use std::io::ErrorKind;
use std::ops::Range;
use std::panic::Location;
use std::path::PathBuf;
use std::sync::Arc;
use uuid::Uuid;

/// How long content may be stored without a row: far longer than any upload takes.
const ORPHANED_AFTER: TimeDelta = TimeDelta::hours(24);

/// An operation that the storage could not perform.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    #[error(transparent)]
    Store(#[from] object_store::Error),
    #[error(transparent)]
    File(#[from] std::io::Error),
    #[error("not enough free space to continue")]
    NoRoom,
}

impl StorageError {
    /// Whether no space is left.
    fn is_full(&self) -> bool {
        if matches!(self, Self::NoRoom) {
            return true;
        }
        let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(self);
        while let Some(error) = cause {
            let kind = error.downcast_ref::<std::io::Error>().map(std::io::Error::kind);
            if matches!(kind, Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)) {
                return true;
            }
            cause = error.source();
        }
        false
    }
}

impl From<StorageError> for Error {
    #[track_caller]
    fn from(error: StorageError) -> Self {
        tracing::error!(cause = with_sources(&error), place = %Location::caller(), "document storage failed");
        Self::plain(if error.is_full() { Code::InsufficientStorage } else { Code::StorageUnavailable })
    }
}

/// Why the storage of a URL can't be used: what the URL must be, or what the storage answered.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidStorageUrl(String);

/// A handle to the storage.
#[derive(Clone, Debug)]
pub struct Storage {
    store: Arc<dyn ObjectStore>,
    /// The prefix of each id.
    prefix: Path,
    /// The directory, if the storage is one.
    directory: Option<PathBuf>,
}

impl Storage {
    /// Opens the storage of a URL, and tests it: a service that can't store documents does not start.
    pub async fn open(url: Option<&str>, data_dir: &std::path::Path) -> Result<Self, InvalidStorageUrl> {
        let place = match url {
            None => Place::Directory(data_dir.join("documents")),
            Some(url) => Place::parse(url).map_err(InvalidStorageUrl)?,
        };
        let storage = place.open().map_err(|error| InvalidStorageUrl(error.to_string()))?;
        storage.try_out().await.map_err(|error| InvalidStorageUrl(error.to_string()))?;
        Ok(storage)
    }

    /// The directory in which the documents are stored, if it is one.
    pub fn directory(&self) -> Option<&std::path::Path> {
        self.directory.as_deref()
    }

    /// Starts to store a new document, as long as there is space.
    pub fn receive(&self, id: Uuid, space: &Space) -> Incoming {
        Incoming::new(self.clone(), id, space.clone())
    }

    /// Stores a small document whose bytes are all there.
    pub async fn keep(&self, id: Uuid, bytes: Vec<u8>) -> Result<(), StorageError> {
        self.store.put(&self.path(id), bytes.into()).await?;
        Ok(())
    }

    /// The bytes of a document, all or a range.
    pub async fn read(
        &self,
        id: Uuid,
        range: Option<Range<u64>>,
    ) -> Result<BoxStream<'static, Result<Bytes, StorageError>>, StorageError> {
        let options = GetOptions::new().with_range(range);
        let found = self.store.get_opts(&self.path(id), options).await?;
        Ok(found.into_stream().map_err(StorageError::from).boxed())
    }

    /// Removes the content stored under an id, if any.
    pub async fn remove(&self, id: Uuid) -> Result<(), StorageError> {
        match self.store.delete(&self.path(id)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// The ids of all content that has been stored long enough to have a row, if it ever gets one.
    pub fn settled(&self, now: DateTime<Utc>) -> impl Stream<Item = Result<Uuid, StorageError>> {
        let is_old = move |at: DateTime<Utc>| at < now - ORPHANED_AFTER;
        let old = self.store.list(Some(&self.prefix)).try_filter(move |object| future::ready(is_old(object.last_modified)));
        // Objects with other names don't belong to the service.
        let ids = old
            .try_filter_map(|object| future::ready(Ok(object.location.filename().and_then(|name| Uuid::parse_str(name).ok()))));
        ids.map_err(StorageError::from)
    }

    /// Removes incomplete files that a killed process left in a directory; a bucket has its own rules for those.
    pub fn remove_beginnings(&self, now: DateTime<Utc>) -> Result<u64, StorageError> {
        let Some(directory) = &self.directory else { return Ok(0) };
        let mut removed = 0;
        for entry in std::fs::read_dir(directory)? {
            let entry = entry?;
            // The library's own name for an incomplete file: the id, a number sign, a number.
            let is_beginning =
                entry.file_name().to_string_lossy().split_once('#').is_some_and(|(id, _)| Uuid::parse_str(id).is_ok());
            if is_beginning && DateTime::<Utc>::from(entry.metadata()?.modified()?) < now - ORPHANED_AFTER {
                std::fs::remove_file(entry.path())?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Whether the storage exists and is accessible.
    async fn try_out(&self) -> Result<(), StorageError> {
        if let Some(directory) = &self.directory {
            let file = directory.join(format!(".{}", Uuid::now_v7()));
            std::fs::write(&file, b"")?;
            std::fs::remove_file(&file)?;
        }
        self.store.list(Some(&self.prefix)).next().await.transpose()?;
        Ok(())
    }

    fn path(&self, id: Uuid) -> Path {
        self.prefix.clone().join(id.to_string())
    }
}
