//! A document being uploaded: written chunk by chunk, and removed again unless it is kept.

use super::{Space, Storage, StorageError};
use entity::cause::with_sources;
use object_store::buffered::BufWriter;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;
use uuid::Uuid;

/// How much of a document is held in memory before it is sent on: the minimum size of a part in S3. The budget of uploads limits
/// the total.
const PART_BYTES: usize = 5 * 1024 * 1024;
/// The same for a directory, which has no minimum: it is written as it arrives. The drill `memory` has to notice if it is not.
const PIECE_BYTES: usize = if cfg!(feature = "sabotage") { 64 * 1024 * 1024 } else { 128 * 1024 };
/// How much is written between two checks of the free space.
const LOOK_BYTES: usize = 2 * 1024 * 1024;

/// The content being stored under an id.
#[derive(Debug)]
pub struct Incoming {
    storage: Storage,
    id: Uuid,
    space: Space,
    /// What was written since the last check of the free space.
    unseen_bytes: usize,
    stage: UploadStage,
}

#[derive(Debug)]
enum UploadStage {
    Writing(Box<BufWriter>),
    /// The content is stored, or may be.
    Stored,
    /// The content is stored, and a row may refer to it: if the outcome stays unknown, it is kept.
    Referable,
    /// Nothing is stored.
    Over,
}

impl Incoming {
    pub(super) fn new(storage: Storage, id: Uuid, space: Space) -> Self {
        let bytes = if storage.directory.is_some() { PIECE_BYTES } else { PART_BYTES };
        let writer = BufWriter::with_capacity(Arc::clone(&storage.store), storage.path(id), bytes).with_max_concurrency(1);
        Self { storage, id, space, unseen_bytes: 0, stage: UploadStage::Writing(Box::new(writer)) }
    }

    pub fn id(&self) -> Uuid {
        self.id
    }

    /// Others use up space meanwhile, so one check before the first byte isn't enough.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), StorageError> {
        self.unseen_bytes += bytes.len();
        if self.unseen_bytes >= LOOK_BYTES {
            self.unseen_bytes = 0;
            self.space.ensure_room().map_err(|_| StorageError::NoRoom)?;
        }
        match &mut self.stage {
            UploadStage::Writing(writer) => Ok(writer.write_all(bytes).await?),
            UploadStage::Stored | UploadStage::Referable | UploadStage::Over => Ok(()),
        }
    }

    /// Completes the upload: all of it is stored afterwards, permanently unless it is discarded.
    pub async fn finish(&mut self) -> Result<(), StorageError> {
        match std::mem::replace(&mut self.stage, UploadStage::Stored) {
            UploadStage::Writing(mut writer) => Ok(writer.shutdown().await?),
            UploadStage::Stored | UploadStage::Referable | UploadStage::Over => Ok(()),
        }
    }

    /// From now on a row may refer to it: it stays unless it is discarded.
    pub fn keep(&mut self) {
        self.stage = UploadStage::Referable;
    }

    /// Removes whatever was stored. What can't be removed now is collected later.
    pub async fn discard(&mut self) {
        clean(&self.storage, self.id, std::mem::replace(&mut self.stage, UploadStage::Over)).await;
    }
}

/// The client disconnected, and its request was dropped.
impl Drop for Incoming {
    fn drop(&mut self) {
        let stage = std::mem::replace(&mut self.stage, UploadStage::Over);
        let is_over = matches!(stage, UploadStage::Referable | UploadStage::Over);
        if let (false, Ok(runtime)) = (is_over, tokio::runtime::Handle::try_current()) {
            let (storage, id) = (self.storage.clone(), self.id);
            runtime.spawn(async move { clean(&storage, id, stage).await });
        }
    }
}

async fn clean(storage: &Storage, id: Uuid, stage: UploadStage) {
    let cleaned = match stage {
        UploadStage::Writing(mut writer) => writer.abort().await.map_err(StorageError::from),
        UploadStage::Stored | UploadStage::Referable => storage.remove(id).await,
        UploadStage::Over => Ok(()),
    };
    if let Err(error) = cleaned {
        let cause = with_sources(&error);
        tracing::warn!(%id, cause, "the stored part of a document could not be removed; it will be collected later");
    }
}
