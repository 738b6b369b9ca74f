//! EdDSA with Ed25519 (RFC 8037) for jsonwebtoken, implemented with ed25519-dalek, and no other algorithm: what no token is
//! signed with is not compiled either.

use ed25519_dalek::pkcs8::DecodePrivateKey;
use ed25519_dalek::{Signature, SignatureError, Signer, SigningKey, Verifier, VerifyingKey};
use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind, new_error};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, EncodingKey};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| {
        ensure_ed25519(*algorithm, key.family())?;
        Ok(Box::new(Ed25519Signer::from_key(key)?))
    },
    verifier_factory: |algorithm, key| {
        ensure_ed25519(*algorithm, key.family())?;
        Ok(Box::new(Ed25519Verifier::from_key(key)?))
    },
    // For JWKs, none of which the service reads.
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: |_, _| Err(unsupported()),
        compute_digest: |_, _| Err(unsupported()),
    },
};

/// Installs the process's provider. Required before the first token is signed or verified; later calls change nothing.
pub fn install() {
    // An error means that a provider is already installed.
    let _ = PROVIDER.install_default();
}

fn unsupported() -> Error {
    new_error(ErrorKind::InvalidAlgorithm)
}

fn ensure_ed25519(algorithm: Algorithm, key: AlgorithmFamily) -> Result<(), Error> {
    if algorithm == Algorithm::EdDSA && key == AlgorithmFamily::Ed { Ok(()) } else { Err(unsupported()) }
}

struct Ed25519Signer(SigningKey);

impl Ed25519Signer {
    fn from_key(key: &EncodingKey) -> Result<Self, Error> {
        SigningKey::from_pkcs8_der(key.as_bytes()).map(Self).map_err(|_| new_error(ErrorKind::InvalidEddsaKey))
    }
}

impl Signer<Vec<u8>> for Ed25519Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, SignatureError> {
        let signature: Signature = self.0.try_sign(message)?;
        Ok(signature.to_vec())
    }
}

impl JwtSigner for Ed25519Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

struct Ed25519Verifier(VerifyingKey);

impl Ed25519Verifier {
    fn from_key(key: &DecodingKey) -> Result<Self, Error> {
        VerifyingKey::try_from(key.try_get_as_bytes()?).map(Self).map_err(|_| new_error(ErrorKind::InvalidEddsaKey))
    }
}

impl Verifier<Vec<u8>> for Ed25519Verifier {
    /// Strict: each message and key have one valid signature, and keys of small order verify nothing.
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), SignatureError> {
        self.0.verify_strict(message, &Signature::from_slice(signature)?)
    }
}

impl JwtVerifier for Ed25519Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::EdDSA
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
    use ed25519_dalek::pkcs8::EncodePrivateKey;
    use jsonwebtoken::crypto::{sign, verify};

    // RFC 8037, appendix A.
    const PRIVATE: &str = "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
    const PUBLIC: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    const MESSAGE: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    const SIGNATURE: &str = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    fn signing() -> EncodingKey {
        install();
        let seed: [u8; 32] = BASE64.decode(PRIVATE).unwrap().try_into().unwrap();
        EncodingKey::from_ed_der(SigningKey::from_bytes(&seed).to_pkcs8_der().unwrap().as_bytes())
    }

    fn verifying() -> DecodingKey {
        install();
        DecodingKey::from_ed_components(PUBLIC).unwrap()
    }

    #[test]
    fn the_example_of_rfc_8037_is_signed_and_verified() {
        assert_eq!(sign(MESSAGE.as_bytes(), &signing(), Algorithm::EdDSA).unwrap(), SIGNATURE);
        assert!(verify(SIGNATURE, MESSAGE.as_bytes(), &verifying(), Algorithm::EdDSA).unwrap());
    }

    #[test]
    fn a_changed_signature_or_message_is_refused() {
        let key = verifying();
        let holds = |signature: &[u8], message: &[u8]| {
            verify(&BASE64.encode(signature), message, &key, Algorithm::EdDSA).is_ok_and(|holds| holds)
        };
        let signature = BASE64.decode(SIGNATURE).unwrap();
        assert!(holds(&signature, MESSAGE.as_bytes()));
        for bit in 0..signature.len() * 8 {
            let mut changed = signature.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!holds(&changed, MESSAGE.as_bytes()), "bit {bit} of the signature");
        }
        for bit in 0..MESSAGE.len() * 8 {
            let mut changed = MESSAGE.as_bytes().to_vec();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(!holds(&signature, &changed), "bit {bit} of the message");
        }
        for length in 0..signature.len() {
            assert!(!holds(&signature[..length], MESSAGE.as_bytes()));
        }
        assert!(!holds(&[signature.as_slice(), &[0]].concat(), MESSAGE.as_bytes()));
    }

    #[test]
    fn a_key_of_small_order_verifies_nothing() {
        install();
        // The neutral element as key and as R, and S = 0: without the strict rule this is valid for every message.
        let neutral = [&[1], [0; 31].as_slice()].concat();
        let key = DecodingKey::from_ed_components(&BASE64.encode(&neutral)).unwrap();
        let signature = BASE64.encode([neutral, vec![0; 32]].concat());
        assert!(!verify(&signature, MESSAGE.as_bytes(), &key, Algorithm::EdDSA).unwrap());
    }

    #[test]
    fn other_algorithms_and_other_kinds_of_keys_are_refused() {
        use Algorithm::{ES256, ES384, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512};
        let secret = BASE64.decode(PUBLIC).unwrap();
        for algorithm in [HS256, HS384, HS512, ES256, ES384, RS256, RS384, RS512, PS256, PS384, PS512] {
            for key in [signing(), EncodingKey::from_secret(&secret), EncodingKey::from_rsa_der(&secret)] {
                assert!(sign(MESSAGE.as_bytes(), &key, algorithm).is_err(), "{algorithm:?}");
            }
            for key in [verifying(), DecodingKey::from_secret(&secret), DecodingKey::from_rsa_der(&secret)] {
                assert!(verify(SIGNATURE, MESSAGE.as_bytes(), &key, algorithm).is_err(), "{algorithm:?}");
            }
        }
        for key in [DecodingKey::from_secret(&secret), DecodingKey::from_ec_der(&secret), DecodingKey::from_ed_der(&secret[1..])]
        {
            assert!(verify(SIGNATURE, MESSAGE.as_bytes(), &key, EdDSA).is_err());
        }
        assert!(sign(MESSAGE.as_bytes(), &EncodingKey::from_ed_der(b"no key"), EdDSA).is_err());
    }
}
