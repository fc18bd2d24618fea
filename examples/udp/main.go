// Command udp keeps sessions over UDP through restarts, as a QUIC server would:
// a session stays in the generation that began it, whoever reads its datagrams.
//
// All generations share one queue, and the kernel does not know which datagram
// is of which session. So the number of the process is a part of each session's
// name, the live generation reads all datagrams, and forwards those of an older
// one to it, by a private socket in a directory. The older one answers its
// clients directly, until its last session has ended. (State.Generation would do
// as well, but a service that is started anew counts from 1 again.)
//
//	client            server
//	hello      -->
//	           <--    welcome 71.3             session 3 of process 71
//	71.3 word  -->
//	           <--    71.3 1 word              the first word of this session
//	71.3 bye   -->
//	           <--    71.3 bye
//	           <--    71.3 gone                no such session: begin a new one
//
// Try it:
//
//	go build -o /tmp/udp ./examples/udp && /tmp/udp &
//	nc -u 127.0.0.1 3000
//	kill -USR2 %1
package main

import (
	"errors"
	"fmt"
	"log"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/seed-3d078585/overseer"
)

func main() {
	address := "udp://127.0.0.1:3000"
	if len(os.Args) > 1 {
		address = os.Args[1]
	}
	overseer.Run(overseer.Config{Required: true, Program: program, Address: address, TerminateTimeout: time.Minute})
}

func program(state overseer.State) {
	public := state.PacketConns[0]
	own := os.Getpid()
	generations, err := newGenerations(state.BinPath, own)
	if err != nil {
		log.Fatal(err)
	}
	defer generations.close()
	sessions := newSessions(own)
	answer := func(packet []byte, from net.Addr) {
		sessions.handle(string(packet), func(reply string) {
			public.WriteTo([]byte(reply), from) // goes on in a drain, too
		})
	}
	go generations.receive(answer)
	fmt.Printf("generation %d listening on %s\n", state.Generation, public.LocalAddr())
	fmt.Printf("generation %d has sessions %d.\n", state.Generation, own)

	buf := make([]byte, maxPacket)
	for {
		n, from, err := public.ReadFrom(buf)
		if errors.Is(err, net.ErrClosed) {
			break // this generation drains
		}
		if err != nil {
			log.Fatal(err)
		}
		packet := buf[:n]
		owner := ownerOf(packet)
		if owner == 0 || owner == own {
			answer(packet, from)
			continue
		}
		if err := generations.forward(owner, packet, from); err != nil {
			name, _, _ := strings.Cut(string(packet), " ")
			public.WriteTo([]byte(name+" gone"), from)
		}
	}
	// What is left of this generation's sessions comes by its private socket.
	fmt.Printf("generation %d drains\n", state.Generation)
	<-sessions.ended()
	fmt.Printf("generation %d ends\n", state.Generation)
}

// maxPacket bounds a datagram.
const maxPacket = 2048

// ownerOf returns the process that has the datagram's session, or 0.
func ownerOf(packet []byte) int {
	name, _, _ := strings.Cut(string(packet), " ")
	owner, _, ok := strings.Cut(name, ".")
	n, err := strconv.Atoi(owner)
	if !ok || err != nil || n < 0 {
		return 0
	}
	return n
}
