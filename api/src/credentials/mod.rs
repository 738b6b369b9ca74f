//! What callers identify themselves with: access tokens, API keys and passwords, and the keys behind them.

pub mod api_key;
mod eddsa;
pub mod keys;
pub mod password;
pub mod recent;
pub mod token;
mod verified;
