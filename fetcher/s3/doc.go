// Package s3 reads releases from a bucket, and writes them there.
//
// It promises:
//
//   - A [Place] offers the files of a bucket to every source that takes a
//     place; [S3] offers one program in it, as the older library's fetcher.S3
//     did.
//   - What was seen is not sent again: questions are conditional by ETag, the
//     one of a multi-part upload too. A download that breaks off goes on where
//     it stopped, and only on the same bytes.
//   - A reader finds the release before or the one after, whenever it looks:
//     [Place.Upload] replaces the manifests last, when all that they name is
//     there.
//   - Nothing waits for ever: credentials, the answer, each read, retries. A
//     host without a metadata service is told so in 5 seconds.
//   - Requests are signed and sent over TLS, unless the options say otherwise.
//
// Nothing about the bytes is proven here; that is the work of a trust policy.
//
// The smallest program:
//
//	overseer.Run(overseer.Config{
//		Program: program,
//		Address: ":3000",
//		Fetcher: &s3.S3{Bucket: "releases", Key: "app.gz", Region: "eu-central-1"},
//	})
//
// It works with Amazon S3 and with what speaks its protocol: give the endpoint.
package s3
