// Command udp keeps sessions over UDP through restarts, as a QUIC server would:
// a session stays in the generation that began it, whoever reads its datagrams.
//
// All generations share one queue, and the kernel does not know which datagram
// is of which session. So the number of the generation is a part of each
// session's name, the live generation reads all datagrams, and forwards those
// of an older one to it, by a private socket in a directory. The older one
// answers its clients directly, until its last session has ended.
//
//	client            server
//	hello      -->
//	           <--    welcome 7.3              session 3 of generation 7
//	7.3 word   -->
//	           <--    7.3 1 word               the first word of this session
//	7.3 bye    -->
//	           <--    7.3 bye
//	           <--    7.3 gone                 no such session: begin a new one
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
	generations, err := newGenerations(state)
	if err != nil {
		log.Fatal(err)
	}
	defer generations.close()
	sessions := newSessions(state.Generation)
	answer := func(packet []byte, from net.Addr) {
		if reply := sessions.handle(string(packet)); reply != "" {
			public.WriteTo([]byte(reply), from) // goes on in a drain, too
		}
	}
	go generations.receive(answer)
	fmt.Printf("generation %d listening on %s\n", state.Generation, public.LocalAddr())

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
		owner := generationOf(packet)
		if owner == 0 || owner == state.Generation {
			answer(packet, from)
			continue
		}
		if err := generations.forward(owner, packet, from); err != nil {
			name, _, _ := strings.Cut(string(packet), " ")
			public.WriteTo([]byte(name+" gone"), from)
		}
	}
	// What is left of this generation's sessions comes by its private socket.
	<-sessions.ended()
	fmt.Printf("generation %d ends\n", state.Generation)
}

// maxPacket bounds a datagram.
const maxPacket = 2048

// generationOf returns the generation that the datagram's session is in, or 0.
func generationOf(packet []byte) int {
	name, _, _ := strings.Cut(string(packet), " ")
	generation, _, ok := strings.Cut(name, ".")
	n, err := strconv.Atoi(generation)
	if !ok || err != nil || n < 0 {
		return 0
	}
	return n
}
