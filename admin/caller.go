package admin

import (
	"bufio"
	"context"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

// callerOf names who sent a request, as far as it was proven. What it says of
// itself is added to this, behind the word "for", and never instead.
func callerOf(d *door, r *http.Request) string {
	switch {
	case d.access.mutual():
		return "certificate " + subject(r.TLS.VerifiedChains[0][0])
	case d.access.Peer:
		return userOf(connOf(r).uid)
	case d.unix:
		return "token from the unix socket"
	}
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		host = r.RemoteAddr
	}
	return "token from " + host
}

// isPlain reports whether a name needs no quotes.
func isPlain(name string) bool {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-"
	return name != "" && len(name) <= 100 && strings.Trim(name, letters) == ""
}

// subject names a certificate. A name with blanks is quoted: it could look like
// something else.
func subject(c *x509.Certificate) string {
	name := c.Subject.CommonName
	if name == "" {
		name = "with serial number " + c.SerialNumber.String()
		return name
	}
	if isPlain(name) {
		return name
	}
	return fmt.Sprintf("%.200q", name)
}

// userOf names a user: uid 1000 (name).
func userOf(uid int) string {
	if name := nameOf(uid); name != "" {
		return fmt.Sprintf("uid %d (%s)", uid, name)
	}
	return fmt.Sprintf("uid %d", uid)
}

// nameOf looks into passwd(5), and nowhere else: a directory service may be slow
// to answer, and a name is for people only.
func nameOf(uid int) string {
	f, err := os.Open("/etc/passwd")
	if err != nil {
		return ""
	}
	defer f.Close()
	want := fmt.Sprint(uid)
	for lines := bufio.NewScanner(io.LimitReader(f, 1<<20)); lines.Scan(); {
		fields := strings.Split(lines.Text(), ":")
		if len(fields) > 2 && fields[2] == want && isPlain(fields[0]) {
			return fields[0]
		}
	}
	return ""
}

type callerKey struct{}

// withCaller keeps who sent the request for those that ask: the name of a user
// takes reading a file, which who only looks is spared.
func withCaller(ctx context.Context, name func() string) context.Context {
	return context.WithValue(ctx, callerKey{}, name)
}

func callerIn(ctx context.Context) string {
	if name, ok := ctx.Value(callerKey{}).(func() string); ok {
		return name()
	}
	return ""
}
