//! Bulk bytes beside the database: tokens and proofs as zstd objects, in a local directory or any object store.
//!
//! An object is written whole before the row that names it commits, and never changed after: a row never points at
//! nothing, and what no row points at is garbage.

use std::io::Read as _;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use futures_util::{Stream, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, WriteMultipart};
use protocol::{ExportId, FileId, GroupId, JobId, UploadId, UploadPartId};

use crate::Error;

/// The most that one object unpacks to.
const MAX_BYTES: u64 = 512 << 20;
/// Records are mostly hashes, which nothing compresses: the cheapest level finds what there is.
const LEVEL: i32 = 1;
/// Objects that come piece by piece; stores take no smaller ones.
const PIECE_BYTES: usize = 5 << 20;
const PIECES_AT_ONCE: usize = 2;

/// The store of all bulk bytes.
#[derive(Debug, Clone)]
pub struct Objects(Arc<dyn ObjectStore>);

impl Objects {
    pub fn new(store: Arc<dyn ObjectStore>) -> Self {
        Self(store)
    }

    /// Under a directory, which is made if it is missing. Written objects are synced to disk before they count.
    pub fn local(dir: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(dir).map_err(|source| object_store::Error::Generic {
            store: "LocalFileSystem",
            source: source.into(),
        })?;
        Ok(Self(Arc::new(LocalFileSystem::new_with_prefix(dir)?.with_fsync(true))))
    }

    /// Gone with the process.
    pub fn in_memory() -> Self {
        Self(Arc::new(InMemory::new()))
    }

    /// Writes an object that [`pack`] made. A second write under the same key replaces the first whole.
    pub async fn put(&self, key: &str, packed: Vec<u8>) -> Result<(), Error> {
        self.0.put(&object_store::path::Path::parse(key)?, packed.into()).await?;
        Ok(())
    }

    /// Begins an object that is written piece by piece, as it is: see [`Incoming`].
    pub async fn incoming(&self, key: &str) -> Result<Incoming, Error> {
        let upload = self.0.put_multipart(&object_store::path::Path::parse(key)?).await?;
        Ok(Incoming(WriteMultipart::new_with_chunk_size(upload, PIECE_BYTES)))
    }

    /// The bytes of such an object, piece by piece.
    pub async fn stream(
        &self,
        key: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + 'static, Error> {
        Ok(self.0.get(&object_store::path::Path::parse(key)?).await?.into_stream().map_err(Error::from))
    }

    /// The bytes of such an object from `start` on, piece by piece.
    pub async fn stream_from(
        &self,
        key: &str,
        start: u64,
    ) -> Result<impl Stream<Item = Result<Bytes, Error>> + Send + 'static, Error> {
        let range = GetOptions { range: Some(GetRange::Offset(start)), ..GetOptions::default() };
        let found = self.0.get_opts(&object_store::path::Path::parse(key)?, range).await?;
        Ok(found.into_stream().map_err(Error::from))
    }

    /// Reads a part of such an object.
    pub async fn read(&self, key: &str, range: Range<u64>) -> Result<Bytes, Error> {
        Ok(self.0.get_range(&object_store::path::Path::parse(key)?, range).await?)
    }

    /// Deletes an object; one that is not there is deleted already.
    pub async fn delete(&self, key: &str) -> Result<(), Error> {
        match self.0.delete(&object_store::path::Path::parse(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Deletes everything under a folder, and says how much that was. What another deletes meanwhile is no matter.
    pub async fn delete_under(&self, folder: &str) -> Result<usize, Error> {
        let folder = object_store::path::Path::parse(folder)?;
        let listed: Vec<_> =
            self.0.list(Some(&folder)).map_ok(|object| object.location).try_collect().await?;
        for key in &listed {
            self.delete(key.as_ref()).await?;
        }
        Ok(listed.len())
    }

    /// Reads an object and unpacks it.
    pub async fn get(&self, key: &str) -> Result<Vec<u8>, Error> {
        let packed = self.0.get(&object_store::path::Path::parse(key)?).await?.bytes().await?;
        tokio::task::spawn_blocking(move || unpack(&packed)).await.map_err(|_| Error::Corrupt("object"))?
    }
}

/// An object on its way in, of which a few pieces are in memory at a time. It is there once it is finished, and not before.
#[derive(Debug)]
pub struct Incoming(WriteMultipart);

impl Incoming {
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.0.wait_for_capacity(PIECES_AT_ONCE).await?;
        self.0.write(bytes);
        Ok(())
    }

    pub async fn finish(self) -> Result<(), Error> {
        self.0.finish().await?;
        Ok(())
    }

    /// Drops what was written. What an object store keeps in spite of that, its own rules clear away.
    pub async fn give_up(self) {
        let _ = self.0.abort().await;
    }
}

/// The key of a customer's file.
pub fn file_key(file: FileId) -> String {
    format!("files/{file}")
}

/// The key of one part of an upload.
pub fn part_key(upload: UploadId, part: UploadPartId) -> String {
    format!("{}/{part}", parts_folder(upload))
}

/// Where all parts of an upload are.
pub fn parts_folder(upload: UploadId) -> String {
    format!("uploads/{upload}")
}

/// The key of one try at writing an export.
pub fn export_key(job: JobId, export: ExportId, attempt: u32) -> String {
    format!("{}/{export}/{attempt}", exports_folder(job))
}

/// Where all exports of a job are.
pub fn exports_folder(job: JobId) -> String {
    format!("exports/{job}")
}

/// The key of the segment of one attempt at a group.
pub fn group_key(job: JobId, group: GroupId, attempt: u32) -> String {
    format!("groups/{job}/{group}/{attempt}.seg.zst")
}

/// Where all objects of a job's groups are.
pub fn job_folder(job: JobId) -> String {
    format!("groups/{job}")
}

/// The key of the verifier's log-probs of a segment's rollouts (engine class `calibrated`).
pub fn logprobs_key(segment: &str) -> String {
    format!("{segment}.lp.zst")
}

/// Compresses; CPU work.
pub fn pack(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len() / 2);
    let mut encoder = zstd::Encoder::new(&mut out, LEVEL).expect("a valid level");
    // a flipped bit on disk must not look like a cheating miner
    encoder.include_checksum(true).expect("a known parameter");
    std::io::Write::write_all(&mut encoder, bytes).expect("memory takes all bytes");
    encoder.finish().expect("memory takes all bytes");
    out
}

fn unpack(packed: &[u8]) -> Result<Vec<u8>, Error> {
    let corrupt = |_| Error::Corrupt("object");
    let mut out = Vec::new();
    let read = zstd::Decoder::new(packed).map_err(corrupt)?.take(MAX_BYTES + 1).read_to_end(&mut out);
    if read.map_err(corrupt)? as u64 > MAX_BYTES {
        return Err(Error::Corrupt("object"));
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn uploads_are_whole_or_not_there() {
        let dir = tempfile::tempdir().unwrap();
        for objects in [Objects::in_memory(), Objects::local(dir.path()).unwrap()] {
            let begun = async |parts: usize| {
                let mut upload = objects.incoming("e/1").await.unwrap();
                for part in 0..parts {
                    upload.write(&vec![part as u8; 3 << 20]).await.unwrap();
                }
                upload
            };
            begun(4).await.give_up().await;
            drop(begun(3).await);
            assert!(objects.read("e/1", 0..1).await.is_err(), "it was never finished");
            begun(4).await.finish().await.unwrap();
            let middle = objects.read("e/1", (3 << 20) - 1..(3 << 20) + 2).await.unwrap();
            assert_eq!(&middle[..], [0, 1, 1]);
            objects.delete("e/1").await.unwrap();
            objects.delete("e/1").await.unwrap();
            assert!(objects.read("e/1", 0..1).await.is_err());
        }
    }

    #[tokio::test]
    async fn objects_survive_and_damage_is_seen() {
        let objects = Objects::in_memory();
        let bytes: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        objects.put("a/b", pack(&bytes)).await.unwrap();
        assert_eq!(objects.get("a/b").await.unwrap(), bytes);
        assert!(matches!(objects.get("a/c").await, Err(Error::Objects(_))));
        let mut damaged = pack(&bytes);
        let middle = damaged.len() / 2;
        damaged[middle] ^= 1;
        objects.put("a/b", damaged).await.unwrap();
        assert!(matches!(objects.get("a/b").await, Err(Error::Corrupt(_))));
    }

    #[tokio::test]
    async fn a_directory_holds_objects_under_their_keys() {
        let dir = tempfile::tempdir().unwrap();
        let objects = Objects::local(&dir.path().join("new")).unwrap();
        let key = group_key(JobId(uuid::Uuid::nil()), GroupId(uuid::Uuid::nil()), 3);
        objects.put(&key, pack(b"x")).await.unwrap();
        assert_eq!(objects.get(&key).await.unwrap(), b"x");
        assert!(dir.path().join("new").join(&key).is_file());
        let other = group_key(JobId(uuid::Uuid::max()), GroupId(uuid::Uuid::nil()), 3);
        objects.put(&other, pack(b"y")).await.unwrap();
        let folder = job_folder(JobId(uuid::Uuid::nil()));
        assert_eq!(objects.delete_under(&folder).await.unwrap(), 1);
        assert_eq!(objects.delete_under(&folder).await.unwrap(), 0);
        assert!(matches!(objects.get(&key).await, Err(Error::Objects(_))));
        assert_eq!(objects.get(&other).await.unwrap(), b"y");
    }
}
