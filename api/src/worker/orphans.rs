//! Stored files that belong to no document, left behind by uploads that were never completed.

use crate::state::App;
use crate::wire::{Error, Result};
use entity::document;
use futures_util::StreamExt;
use std::pin::pin;

/// How many files are looked up at once.
const BATCH: usize = 500;

/// Removes them and returns how many there were.
pub async fn collect_orphans(app: &App) -> Result<u64> {
    let storage = app.storage();
    let mut removed = storage.remove_beginnings(app.now())?;
    let mut batches = pin!(storage.settled(app.now()).chunks(BATCH));
    while let Some(batch) = batches.next().await {
        let ids = batch.into_iter().collect::<Result<Vec<_>, _>>()?;
        let known = document::known(app.readers(), &ids).await.map_err(Error::from)?;
        for id in ids.into_iter().filter(|id| !known.contains(id)) {
            storage.remove(id).await?;
            removed += 1;
        }
    }
    Ok(removed)
}
