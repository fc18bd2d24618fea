// Package shim is what runs in a process between its start by the master and
// the program of another language that it becomes.
//
// A program that takes its sockets as systemd passes them wants its own process
// id in its environment (LISTEN_PID, sd_listen_fds(3)), and nobody can write
// that there before the process exists. So the master starts its own binary
// once more; there, before any code of the program's own has run, [Take]
// completes the environment and executes the program in its place. The process
// id stays.
//
//	master                       shim                         program
//	  fork, exec itself   -->    LISTEN_PID, LISTEN_PIDFDID
//	                             parent-death signal
//	                             execve                 -->   runs
//	             <--  end of the report pipe
//
// The report pipe is close-on-exec: its end without a word means that the
// program runs, and a word is why it does not. os/exec does likewise.
package shim
