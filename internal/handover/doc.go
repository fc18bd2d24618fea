// Package handover is the conversation between the master and a worker, and the
// way the sockets take from one to the other.
//
// # The protocol, version 2
//
// The master makes a pair of connected unix stream sockets for each worker and
// leaves one end to it; [Variable] in the worker's environment says which
// descriptor that is. The worker takes it ([Inherit]), marks it close-on-exec
// and removes the variable, so that no child of the program sees either.
//
// Both sides send frames: four bytes, big-endian, the length of what follows
// (1 to [MaxFrame]), then one JSON object. Its member "type" names the message,
// the others are the message's. Unknown members and unknown types are ignored,
// so either side may be newer. Descriptors travel with the first byte of the
// frame they belong to (SCM_RIGHTS, see unix(7)); its member "fds" counts them.
//
//	worker                                   master
//	  hello {min,max,pid,addresses}  -->
//	                                 <--     setup {version,generation,…}
//	                                 <--     sockets {sockets}  + descriptors   (repeated)
//	                                 <--     begin {}
//	  accepting {sockets}            -->              the program has called Accept
//	  ready {}                       -->              or State.Ready
//	                                 <--     private {socket}  + descriptor     (a probe)
//	                                 <--     open {}
//	  opened {}                      -->
//	                                 <--     pause {sockets}
//	                                 <--     open {}                            (put back)
//	                                 <--     drain {timeout,signal,last,ending}
//	  restart {force}                -->              overseer.Restart
//	  ask {id}                       -->              overseer.Status
//	                                 <--     status {id,…}
//	                                 <--     ping {id}                          version 2
//	  pong {id,open,accepted}        -->              a sign of life
//	  bequeath {id} + descriptor     -->              one end of a way   (version 2)
//	                                 <--     bequeathed {id,heir,held,refused}
//	                                 <--     bequest {generation,held} + descriptor
//	                                                  to the generation that goes on
//
// A way joins two generations, past the master. The one that drains makes it, on
// its first call of State.Handover, and the frames on it are the same:
//
//	old generation                           new generation
//	  item {id,name,kind,data,size} + descriptors -->
//	                                 <--     taken {id}     State.Inherited has it
//	                                 <--     untaken {id,reason,elsewhere}
//	  withdraw {id}                  -->                    it waited too long
//
// An item belongs to the new generation from the moment at which its taken was
// written: the old one reads all that was written before it believes in the end
// of a way. A way that the master holds for a generation which does not run yet
// has no answers: what was written is handed over.
//
// No signal is part of it: signals are lost, coalesced and forwarded. The end of
// the stream means that the other side has died: a worker then stops accepting,
// drains and exits; the master waits for the process, then ends it.
//
// A worker's hello states the versions it speaks; the master answers with the
// highest that both do, or hangs up. What a version has not is not said to it.
package handover
