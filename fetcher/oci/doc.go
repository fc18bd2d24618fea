// Package oci reads releases from a container registry, and writes them there.
//
// It promises:
//
//   - A [Place] offers the files of a release to every source that takes a
//     place. What is opened after a channel's manifest is of the same moment as
//     that manifest, whatever is pushed meanwhile.
//   - What was seen is not sent again: a tag that has not moved costs one HEAD.
//     A download goes on where it stopped, where the registry can.
//   - Bytes are those that their digest names, from the first to the last, or
//     the read fails.
//   - A reader finds the release before or the one after, whenever it looks:
//     [Push] moves the tag last, when all that it leads to is there.
//   - Nothing waits for ever: tokens, the answer, each read, retries.
//   - Registries are spoken to over TLS, unless the options say otherwise, and
//     never redirect away from it.
//
// A release is an OCI artifact: an image manifest (OCI image specification 1.1,
// https://github.com/opencontainers/image-spec/blob/v1.1.1/manifest.md) of the
// artifact type [ArtifactType], tagged with the name of the channel. Each file of
// the release directory that the channel's manifest leads to is a layer, whose
// annotation org.opencontainers.image.title is its name:
//
//	stable.json                    application/vnd.overseer.manifest.v1+json
//	keys.json                      application/vnd.overseer.keys.v1+json
//	….minisig                      application/vnd.overseer.signatures.v1
//	programs of the manifest       application/vnd.overseer.program.v1
//	deltas of the manifest         application/vnd.overseer.delta.v1
//
// Each push of the same files makes the same artifact, byte for byte.
//
// Nothing about the bytes is proven here; that is the work of a trust policy.
package oci
