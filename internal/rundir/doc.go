// Package rundir finds a directory for what lives as long as a process of this
// user: sockets. It is gone after a boot.
package rundir
