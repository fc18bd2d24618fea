package main

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// generations are the private sockets of the generations that run: one each, in
// a directory beside the binary, named by the number of its process.
type generations struct {
	dir  string
	conn *net.UnixConn
}

func newGenerations(binary string, own int) (*generations, error) {
	g := &generations{dir: filepath.Join(filepath.Dir(binary), ".udp-generations")}
	if err := os.MkdirAll(g.dir, 0o700); err != nil {
		return nil, err
	}
	address := g.address(own)
	os.Remove(address.Name) // of a process that was killed, or not there
	conn, err := net.ListenUnixgram("unixgram", address)
	g.conn = conn
	return g, err
}

func (g *generations) address(owner int) *net.UnixAddr {
	return &net.UnixAddr{Net: "unixgram", Name: filepath.Join(g.dir, strconv.Itoa(owner))}
}

// forward sends a datagram to the generation that has its session. Unlike a UDP
// socket, a unix one loses nothing: the write waits for room.
func (g *generations) forward(owner int, packet []byte, from net.Addr) error {
	source, err := netip.ParseAddrPort(from.String())
	if err != nil {
		return err
	}
	head, err := source.MarshalBinary()
	if err != nil {
		return err
	}
	g.conn.SetWriteDeadline(time.Now().Add(time.Second)) // it may hang
	_, err = g.conn.WriteToUnix(append(append([]byte{byte(len(head))}, head...), packet...), g.address(owner))
	return err
}

// receive handles what other generations forward, until the socket is closed.
func (g *generations) receive(handle func(packet []byte, from net.Addr)) {
	buf := make([]byte, 256+maxPacket)
	for {
		n, err := g.conn.Read(buf)
		if err != nil {
			return
		}
		packet, from, err := split(buf[:n])
		if err != nil {
			continue
		}
		handle(packet, from)
	}
}

// split takes apart what forward has joined.
func split(b []byte) (packet []byte, from net.Addr, err error) {
	if len(b) == 0 || len(b) < 1+int(b[0]) {
		return nil, nil, fmt.Errorf("%d bytes are no forwarded datagram", len(b))
	}
	end := 1 + int(b[0])
	var source netip.AddrPort
	if err := source.UnmarshalBinary(b[1:end]); err != nil {
		return nil, nil, err
	}
	return b[end:], net.UDPAddrFromAddrPort(source), nil
}

// close removes the socket, too.
func (g *generations) close() { g.conn.Close() }
