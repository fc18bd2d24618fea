// Package store is the way of a new version's bytes onto the disk, and the
// memory of what was tried.
//
// Its promises:
//
//   - The installed path always holds one complete binary, or leads to one
//     complete tree: it is replaced by one rename and is never missing, partial
//     or moved away.
//   - Only what [trust.Check] let in is staged; what is installed is what was
//     hashed, proven again at the commit.
//   - A trial is on record before it begins. A power cut in it is counted at
//     the next start, and the third one quarantines the digest.
//   - What an earlier master may have left unflushed is flushed before it is
//     relied on.
//   - Any number of masters may share one binary and one state directory.
//     Nobody removes what a live one needs.
//   - A step that fails leaves no file behind, and an error that says what to
//     do. A damaged record is set aside with a warning and stops nothing.
//   - What a policy must not forget ([Store.Memory]) is kept beside the records
//     and is never set aside: without it an old release could be played back.
//   - No method blocks for ever.
//
// The life of an upgrade, on the disk of /opt/app:
//
//	Stage       /opt/.app.overseer/.app.candidate-unverified-<random>   while it arrives
//	            /opt/.app.candidate-<digest>-<random>                   hashed, flushed, executable
//	BeginTrial  /opt/.app.overseer/trials.json
//	Install     /opt/.app.overseer/app.previous                         hard link of the installed binary
//	            /opt/app                                                one rename
//
// Of directory releases ([OpenTrees]), on the disk of /opt/app:
//
//	Stage       /opt/app/.overseer/.app.candidate-unverified-<random>   the archive
//	            /opt/app/releases/.app.candidate-<digest>-<random>/     while it is unpacked
//	            /opt/app/releases/<digest>/                             whole, flushed
//	BeginTrial  /opt/app/.overseer/trials.json
//	Install     /opt/app/previous -> releases/<digest>                  where current led
//	            /opt/app/current -> releases/<digest>                   one rename of a link
//	            /opt/app/.overseer/app.archive-<digest>                 what the next delta starts from; that
//	                                                                    of previous stays, too
//
// A tree is locked like a file that is staged, by everybody who runs from it: see
// [Store.Hold].
//
// Who owns a file that is staged is told by a flock(2) on it, which the kernel
// drops with the last descriptor; who owns a trial is told by a process id
// with its boot and start time, as a trial must be told apart from its reboot.
package store
