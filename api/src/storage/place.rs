//! The values that `CASETRAIL_STORAGE_URL` accepts.

use super::{Storage, StorageError};
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{BackoffConfig, ClientOptions, RetryConfig};
use reqwest::Url;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How long a bucket may send nothing. Reading a whole document takes as long as its client needs.
const SILENCE_MAX: Duration = Duration::from_secs(10);
const CONNECT_MAX: Duration = Duration::from_secs(2);
const RETRY_MAX: Duration = Duration::from_secs(15);

/// A place to store documents in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    Directory(PathBuf),
    Bucket { name: String, prefix: String, endpoint: Option<String>, region: Option<String> },
}

impl Place {
    /// Error messages repeat nothing of the URL: it may contain secrets, in the right place or a wrong one.
    ///
    /// `file:///path/to/directory`, or `s3://bucket/prefix` with an endpoint and a region unless it is AWS's own.
    pub(super) fn parse(url: &str) -> Result<Self, String> {
        let url = Url::parse(url).map_err(|error| format!("is not a valid URL: {error}"))?;
        if holds_credentials(&url) {
            return Err(
                "must not contain a user or a password: credentials come from the AWS_… variables or the host's role".to_owned()
            );
        }
        let mut place = match (url.scheme(), url.host_str()) {
            ("file", _) => Self::Directory(url.to_file_path().map_err(|()| "is not a directory of this host".to_owned())?),
            ("s3", Some(name)) if !name.is_empty() => {
                let prefix = url.path().trim_matches('/').to_owned();
                Self::Bucket { name: name.to_owned(), prefix, endpoint: None, region: None }
            }
            _ => return Err("must begin with file:/// or s3://bucket".to_owned()),
        };
        for (option, value) in url.query_pairs() {
            match (&mut place, option.as_ref()) {
                (Self::Bucket { endpoint, .. }, "endpoint") => *endpoint = Some(value.into_owned()),
                (Self::Bucket { region, .. }, "region") => *region = Some(value.into_owned()),
                _ => return Err("has an unknown option: a bucket has endpoint and region, a directory none".to_owned()),
            }
        }
        if let Self::Bucket { endpoint: Some(endpoint), .. } = &place {
            let endpoint = Url::parse(endpoint).map_err(|error| format!("has an endpoint that is not a valid URL: {error}"))?;
            if holds_credentials(&endpoint) || !["http", "https"].contains(&endpoint.scheme()) {
                return Err("has an endpoint that isn't http:// or https://, or that contains a user or a password".to_owned());
            }
        }
        Ok(place)
    }

    pub(super) fn open(self) -> Result<Storage, StorageError> {
        match self {
            Self::Directory(directory) => {
                std::fs::create_dir_all(&directory)?;
                // A committed row must not lose its bytes to a power failure.
                let store = LocalFileSystem::new_with_prefix(&directory)?.with_fsync(true);
                Ok(Storage { store: Arc::new(store), prefix: Path::default(), directory: Some(directory) })
            }
            Self::Bucket { name, prefix, endpoint, region } => {
                let prefix = Path::parse(prefix).map_err(object_store::Error::from)?;
                let store = bucket(&name, endpoint, region).build()?;
                Ok(Storage { store: Arc::new(store), prefix, directory: None })
            }
        }
    }
}

fn holds_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// Credentials come from the sources that AWS's own tools use: `AWS_ACCESS_KEY_ID` and the like, or the host's role.
fn bucket(name: &str, endpoint: Option<String>, region: Option<String>) -> AmazonS3Builder {
    let options = ClientOptions::new()
        .with_timeout_disabled()
        .with_connect_timeout(CONNECT_MAX)
        .with_read_timeout(SILENCE_MAX)
        .with_allow_http(endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://")));
    let retry = RetryConfig { backoff: BackoffConfig::default(), max_retries: 3, retry_timeout: RETRY_MAX };
    let mut bucket = from_environment().with_bucket_name(name).with_client_options(options).with_retry(retry);
    if let Some(endpoint) = endpoint {
        bucket = bucket.with_endpoint(endpoint);
    }
    if let Some(region) = region {
        bucket = bucket.with_region(region);
    }
    bucket
}

/// Like `AmazonS3Builder::from_env`, but an empty variable counts as unset: compose files can't omit a variable.
fn from_environment() -> AmazonS3Builder {
    let variables = std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let given = variables.filter(|(name, value)| name.starts_with("AWS_") && !value.trim().is_empty());
    given.fold(AmazonS3Builder::new(), |bucket, (name, value)| match name.to_ascii_lowercase().parse() {
        Ok(key) => bucket.with_config(key, value),
        // A variable of another tool.
        Err(_) => bucket,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_names_a_directory_or_a_bucket_or_is_refused() {
        assert_eq!(Place::parse("file:///var/lib/casetrail"), Ok(Place::Directory("/var/lib/casetrail".into())));
        let bucket = Place::Bucket {
            name: "documents".to_owned(),
            prefix: "desk/1".to_owned(),
            endpoint: Some("http://127.0.0.1:9000".to_owned()),
            region: Some("eu-central-1".to_owned()),
        };
        assert_eq!(Place::parse("s3://documents/desk/1/?endpoint=http://127.0.0.1:9000&region=eu-central-1"), Ok(bucket));
        for url in [
            "",
            "documents",
            "/var/lib",
            "gs://bucket",
            "s3:///prefix",
            "s3://bucket?endpoit=x",
            "file:///x?region=y",
            "http://x/y",
            "s3://key@bucket",
            "s3://key:hunter2@bucket/prefix",
            "s3://:hunter2@bucket",
            "s3://bucket?hunter2=x",
            "s3://bucket?hunter2",
            "s3://bucket?endpoint=http://key:hunter2@127.0.0.1:9000",
            "s3://bucket?endpoint=hunter2",
            "file://key:hunter2@host/x",
            "hunter2",
            "s3://key:hunter2@",
            "s3://key:hunter2@bucket:port",
        ] {
            let refused = Place::parse(url).expect_err(url);
            assert!(!refused.contains("hunter2"), "{url}: {refused}");
        }
    }
}
