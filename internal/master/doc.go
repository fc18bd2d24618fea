// Package master carries out what the machine decides: it holds the sockets,
// starts and ends the processes of generations, and talks to them.
//
// One goroutine owns everything ([Master.Run]). What takes time (starting a
// process, probing it, writing to the disk, a hook of the user's) runs beside it
// and comes back as an event, so nothing that blocks elsewhere can hold up a
// restart or the stop.
//
//	signals  updater  program        timers  processes  workers' frames
//	    \       |       |               |        |         /
//	     +------+-------+--- events ----+--------+--------+
//	                          |
//	                    machine.Step
//	                          |
//	     +------+-------+--- effects ---+--------+--------+
//	    /       |       |               |        |         \
//	 process  frames  probe           timers    disk       log
//
// After a commit the master is older than its program, and replaces itself by
// what was committed: succession_linux.go tells how, state_linux.go has what is
// handed on, resume_linux.go takes it over.
package master
