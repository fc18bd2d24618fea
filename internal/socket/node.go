package socket

// A Node is the file of a unix socket, so that it can be told from another that
// has taken its path since. The zero Node is that of a socket without a file.
type Node struct {
	Path string `json:"path"`
	Dev  uint64 `json:"dev"`
	Ino  uint64 `json:"ino"`
}
