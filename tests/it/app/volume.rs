//! A small volume that a test can fill up; if mounting isn't permitted, such tests report so and pass.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use tempfile::TempDir;

pub struct Volume {
    folder: TempDir,
}

impl Volume {
    /// A tmpfs; `None` if this user may not mount one.
    pub fn mount(mebibytes: u32) -> Option<Self> {
        let folder = TempDir::new().expect("a folder");
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|mounted| mounted.status.success()) {
            return Some(Self { folder });
        }
        let _ = writeln!(std::io::stderr(), "mounting is not permitted here: full-disk tests are skipped");
        None
    }

    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves no byte free.
    pub fn fill(&self) {
        let mut file = std::fs::File::create(self.filling()).expect("a file");
        for size in [65_536, 4_096, 1] {
            let bytes = vec![0; size];
            while file.write_all(&bytes).is_ok() {}
        }
    }

    pub fn free(&self) {
        std::fs::remove_file(self.filling()).expect("the file that filled it");
    }

    fn filling(&self) -> PathBuf {
        self.path().join("filling")
    }
}

impl Drop for Volume {
    fn drop(&mut self) {
        // Lazily: connections may still be open.
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}
