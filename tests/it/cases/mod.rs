//! Cases: a file per verb, as in the service.

mod hold;
