//! A TLS front before the fake, for `discord.com` or any other name, signed by an authority that
//! only this test knows.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;

/// Where the front is, and its authority in PEM.
pub struct Front {
    pub address: SocketAddr,
    pub authority: Vec<u8>,
}

/// Puts a front for `name` before what listens at `behind`.
pub async fn front(name: &str, behind: SocketAddr) -> Front {
    fronts(&[(name, behind)]).await.remove(0)
}

/// The same for several names; one authority signs for all.
pub async fn fronts(names: &[(&str, SocketAddr)]) -> Vec<Front> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority_key = KeyPair::generate().unwrap();
    let authority = params.self_signed(&authority_key).unwrap();
    let issuer = Issuer::new(params, authority_key);
    let mut fronts = Vec::new();
    for (name, behind) in names {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new([(*name).to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(
                vec![leaf.der().clone()],
                PrivatePkcs8KeyDer::from(key.serialize_der()).into(),
            )
            .unwrap();
        let address = accept(TlsAcceptor::from(Arc::new(config)), *behind).await;
        fronts.push(Front { address, authority: authority.pem().into_bytes() });
    }
    fronts
}

async fn accept(acceptor: TlsAcceptor, behind: SocketAddr) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                // Who does not like the certificate goes away.
                let Ok(mut open) = acceptor.accept(stream).await else { return };
                let Ok(mut inner) = TcpStream::connect(behind).await else { return };
                let _ = inner.set_nodelay(true);
                let _ = tokio::io::copy_bidirectional(&mut open, &mut inner).await;
            });
        }
    });
    address
}
