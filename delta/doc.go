// Package delta makes a patch of two releases of a program, and the new one of
// the old one and the patch.
//
// It promises:
//
//   - Reading streams. The old program and the patch are read where they lie,
//     the new one comes out in order, and the memory that this takes is bounded,
//     below 16 MiB, however large the programs are.
//   - A patch is believed in nothing. Lengths, seeks and the size that it claims
//     are checked before they are used; what comes out is never longer than
//     the claim, the claim never more than the caller allows, and every step
//     makes progress. Damage is an error that matches [ErrCorrupt].
//   - In the project's own format the end of the bytes is the end of the
//     program: [io.EOF] comes only after the SHA-256 of what was read is that of
//     the new program. Until then nothing that was read is proven.
//   - The same programs make the same patch, whatever the number of processors.
//
// Two formats are read, told apart by how they begin:
//
//   - The project's own, written by [Diff]. It knows how a program refers to
//     itself: where code moves, the calls, jumps and tables that name it are
//     computed and not stored. docs/delta.md describes it byte by byte.
//   - BSDIFF40, written by [DiffBSDIFF40] and by the bsdiff of the
//     distributions. It carries no checksum: damage may show as wrong bytes, so
//     compare the digest of what comes out.
//
// The smallest program:
//
//	r, err := delta.NewReader(old, oldSize, patch, patchSize, 1<<30)
//	if err != nil {
//		return err
//	}
//	defer r.Close()
//	_, err = io.Copy(w, r)
package delta
