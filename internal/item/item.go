package item

import (
	"fmt"
	"net"
	"os"
	"unicode/utf8"
)

const (
	// MaxName bounds an item's name, in bytes.
	MaxName = 256

	// MaxData bounds an item's data, in bytes.
	MaxData = 16 << 20

	// Window bounds the items of one way that are sent and not yet taken, and
	// those that the master holds with it.
	Window = 64

	// inline bounds the data that travel in the message itself; what is longer
	// travels as a file in memory. So each message takes less than a page of
	// 4 KiB on its way.
	inline = 1 << 10

	// wayBuffer is the size of the kernel's buffer for a way: enough for Window
	// items that nobody reads yet. Linux grants twice what is asked for, and at
	// least 416 KiB with its defaults (socket(7): SO_SNDBUF, wmem_max).
	wayBuffer = 512 << 10
)

// An Item is what one generation hands to another: a connection, a file or
// neither, and data.
type Item struct {
	Name string
	Data []byte
	Conn net.Conn
	File *os.File
}

// check returns what is wrong with an item that is to be handed over.
func (i Item) check() error {
	switch {
	case len(i.Name) > MaxName:
		return fmt.Errorf("its name has %d bytes, more than %d", len(i.Name), MaxName)
	case !utf8.ValidString(i.Name):
		return fmt.Errorf("its name %q is not UTF-8", i.Name)
	case len(i.Data) > MaxData:
		return fmt.Errorf("its data have %d bytes, more than %d: hand a file over instead", len(i.Data), MaxData)
	case i.Conn != nil && i.File != nil:
		return fmt.Errorf("it has a connection and a file: hand over two items")
	}
	return nil
}

// Close closes the connection and the file.
func (i Item) Close() {
	if i.Conn != nil {
		i.Conn.Close()
	}
	if i.File != nil {
		i.File.Close()
	}
}
