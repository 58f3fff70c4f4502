# keylapse in a container. A release pins both images by digest (`--build-arg BUILD=…@sha256:…`)
# and says so in its notes; the tags here are for trying it out.
#
#   docker build -t keylapse .
#   docker run -it -v keylapse:/data keylapse
#
# Everything that must be kept is in /data: the database, the master key, keylapse.toml.

ARG BUILD=rust:1.95-slim-bookworm
ARG RUNTIME=debian:bookworm-slim

FROM ${BUILD} AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock build.rs ./
COPY migrations ./migrations
COPY src ./src
# Named in Cargo.toml, not built here.
COPY benches ./benches
RUN cargo build --release --locked --bin keylapse

FROM ${RUNTIME}
# The roots of TLS are in the program; nothing else is installed.
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin keylapse \
 && install --directory --owner=keylapse --group=keylapse --mode=0700 /data
COPY --from=build /build/target/release/keylapse /usr/local/bin/keylapse
COPY LICENSE LICENSE-MIT LICENSE-APACHE /usr/share/doc/keylapse/
USER keylapse
WORKDIR /data
VOLUME /data
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s --retries=3 \
  CMD ["keylapse", "health", "--data", "/data"]
ENTRYPOINT ["keylapse"]
CMD ["run", "--console", "--data", "/data"]
