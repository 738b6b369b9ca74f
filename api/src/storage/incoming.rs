//! A document on its way in: written piece by piece, and gone again unless somebody keeps it.

use super::{Space, Storage, StorageError};
use object_store::buffered::BufWriter;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// How much of a document is in memory before it is sent on: the least that S3 takes for a part. The budget of uploads is its bound.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// The same for a directory, which takes any: it is written as it comes.
const PIECE_BYTES: usize = 128 * 1024;
/// How much is written between two looks at how much room is left.
const LOOK_BYTES: usize = 2 * 1024 * 1024;

/// What is being stored under an id.
#[derive(Debug)]
pub struct Incoming {
    storage: Storage,
    id: Uuid,
    space: Space,
    /// What was written since the last look at it.
    unseen_bytes: usize,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Writing(Box<BufWriter>),
    /// It is there, or may be.
    Stored,
    /// It is there, and somebody may have been told of it: who hears nothing more leaves it.
    Told,
    /// Nothing is there.
    Over,
}

impl Incoming {
    pub(super) fn new(storage: Storage, id: Uuid, space: Space) -> Self {
        let bytes = if storage.directory.is_some() { PIECE_BYTES } else { PART_BYTES };
        let writer = BufWriter::with_capacity(Arc::clone(&storage.store), storage.path(id), bytes).with_max_concurrency(1);
        Self { storage, id, space, unseen_bytes: 0, stage: Stage::Writing(Box::new(writer)) }
    }

    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Others take up room meanwhile, so one look before the first byte isn't enough.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        self.unseen_bytes += bytes.len();
        if self.unseen_bytes >= LOOK_BYTES {
            self.unseen_bytes = 0;
            self.space.ensure_room().map_err(|_| StorageError::NoRoom)?;
        }
        match &mut self.stage {
            Stage::Writing(writer) => Ok(writer.write_all(bytes).await?),
            Stage::Stored | Stage::Told | Stage::Over => Ok(()),
        }
    }

    /// Nothing more comes: afterwards all of it is there, for good unless it is discarded.
    pub async fn finish(&mut self) -> Result<(), StorageError> {
        match std::mem::replace(&mut self.stage, Stage::Stored) {
            Stage::Writing(mut writer) => Ok(writer.shutdown().await?),
            Stage::Stored | Stage::Told | Stage::Over => Ok(()),
        }
    }

    /// From here on somebody else may know of it: it stays unless it is discarded.
    pub fn tell(&mut self) {
        self.stage = Stage::Told;
    }

    /// Takes back whatever was stored. What can't be taken back now is collected later.
    pub async fn discard(&mut self) {
        clean(&self.storage, self.id, std::mem::replace(&mut self.stage, Stage::Over)).await;
    }
}

/// Somebody hung up, and his request went with him.
impl Drop for Incoming {
    fn drop(&mut self) {
        let stage = std::mem::replace(&mut self.stage, Stage::Over);
        let is_over = matches!(stage, Stage::Told | Stage::Over);
        if let (false, Ok(runtime)) = (is_over, tokio::runtime::Handle::try_current()) {
            let (storage, id) = (self.storage.clone(), self.id);
            runtime.spawn(async move { clean(&storage, id, stage).await });
        }
    }
}

async fn clean(storage: &Storage, id: Uuid, stage: Stage) {
    let cleaned = match stage {
        Stage::Writing(mut writer) => writer.abort().await.map_err(StorageError::from),
        Stage::Stored | Stage::Told => storage.remove(id).await,
        Stage::Over => Ok(()),
    };
    if let Err(error) = cleaned {
        tracing::warn!(%id, cause = %error, "what was stored of a document could not be taken back; it is collected later");
    }
}
