package tuf

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"runtime"
	"strings"
	"time"

	"github.com/theupdateframework/go-tuf/v2/metadata/trustedmetadata"
)

// Options say which repository to believe, and about which target.
type Options struct {
	// Root is the root.json that everything is verified from: the bytes of
	// the file, built into the program. Take it from the repository's owner by
	// a way that you trust, not from the repository. Any version will do; later
	// ones are found from there. Required.
	Root []byte

	// MetadataURL is the directory of the metadata files, http or https, such
	// as https://releases.example.com/metadata/. Its query, if it has one, is
	// sent with each request. Required.
	//
	// TUF does not need TLS: whoever sits on the way can hold back updates,
	// until the metadata expires, and nothing else.
	MetadataURL string

	// Target is the name of the program in the metadata. {os} and {arch} stand
	// for runtime.GOOS and runtime.GOARCH. Required.
	Target string

	// Name is the policy's name in the log, and the name under which it is
	// remembered what was seen. Give each repository its own where a program
	// believes several. Lower-case letters, digits, dots and hyphens, at most
	// 64. Defaults to "tuf".
	Name string

	// Client sends the requests. Its CheckRedirect is asked after the rules of
	// this package: at most 10 redirects, never from https to http. Defaults to
	// one with bounds for dialling and TLS, and the proxies of the environment.
	Client *http.Client

	// Header is sent with each request, but not to other hosts that the server
	// redirects to.
	Header http.Header

	// RequestTimeout bounds each request, from dialling to the last byte.
	// Defaults to 30 seconds.
	RequestTimeout time.Duration

	// RefreshTimeout bounds all requests of one Vouch. Defaults to 2 minutes.
	RefreshTimeout time.Duration

	// Limits of what the repository may send.
	Limits Limits
}

// Limits bound what a repository may send: the bytes of one file of a role, and
// the files of one Vouch. Zero stands for the default.
type Limits struct {
	Root      int64 // 512,000 bytes
	Timestamp int64 // 16,384 bytes
	Snapshot  int64 // 2,000,000 bytes
	Targets   int64 // 5,000,000 bytes, of targets and of each delegated role

	Roots int // 256: new roots in one Vouch; the next one goes on from there
	Roles int // 32: targets and delegated roles that are looked through for the target
}

var (
	nameForm     = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,63}$`)
	placeholders = strings.NewReplacer("{os}", runtime.GOOS, "{arch}", runtime.GOARCH)
)

// complete checks the options and fills in the defaults. An error begins with
// the name of the field.
func (o Options) complete() (Options, *url.URL, error) {
	if len(o.Root) == 0 {
		return o, nil, errors.New("tuf.Options.Root is empty: pin the repository's root.json, a policy without one trusts nobody")
	}
	if err := fence(func() error { _, err := trustedmetadata.New(o.Root); return err }); err != nil {
		return o, nil, fmt.Errorf("tuf.Options.Root is no root.json that is signed by its own keys: %w", err)
	}
	base, err := metadataURL(o.MetadataURL)
	if err != nil {
		return o, nil, err
	}
	if o.Target, err = target(o.Target); err != nil {
		return o, nil, err
	}
	if o.Name == "" {
		o.Name = "tuf"
	}
	if !nameForm.MatchString(o.Name) {
		return o, nil, fmt.Errorf("tuf.Options.Name is %q: it must be of at most 64 lower-case letters, digits, dots and hyphens, and begin with a letter or a digit", o.Name)
	}
	if err := cmp.Or(
		bound("RequestTimeout", &o.RequestTimeout, 30*time.Second),
		bound("RefreshTimeout", &o.RefreshTimeout, 2*time.Minute),
		// The sizes are those of go-tuf's own updater.
		bound("Limits.Root", &o.Limits.Root, 512_000),
		bound("Limits.Timestamp", &o.Limits.Timestamp, 16_384),
		bound("Limits.Snapshot", &o.Limits.Snapshot, 2_000_000),
		bound("Limits.Targets", &o.Limits.Targets, 5_000_000),
		bound("Limits.Roots", &o.Limits.Roots, 256),
		bound("Limits.Roles", &o.Limits.Roles, 32),
	); err != nil {
		return o, nil, err
	}
	o.Root, o.Header = bytes.Clone(o.Root), o.Header.Clone()
	return o, base, nil
}

// bound puts the default in the place of zero.
func bound[T int | int64 | time.Duration](field string, value *T, standard T) error {
	if *value < 0 {
		return fmt.Errorf("tuf.Options.%s is %v: it must not be negative; zero stands for %v", field, *value, standard)
	}
	if *value == 0 {
		*value = standard
	}
	return nil
}

func target(name string) (string, error) {
	if name == "" {
		return "", errors.New("tuf.Options.Target is empty: name the program as the repository's metadata does")
	}
	filled := placeholders.Replace(name)
	if strings.ContainsAny(filled, "{}") {
		return "", fmt.Errorf("tuf.Options.Target is %q: {os} and {arch} are all that can be filled in", name)
	}
	return filled, nil
}

func metadataURL(value string) (*url.URL, error) {
	const field = "tuf.Options.MetadataURL"
	u, err := url.Parse(value)
	switch {
	case value == "":
		return nil, errors.New(field + " is empty: name the http or https URL of the repository's metadata directory")
	case err != nil:
		return nil, fmt.Errorf(field+" cannot be read: %w", plain(err))
	case (u.Scheme != "http" && u.Scheme != "https") || u.Host == "":
		return nil, fmt.Errorf(field+" is %q: it must be https://host/… or http://host/…", sourceOf(u))
	case u.Fragment != "":
		return nil, fmt.Errorf(field+" is %q with a fragment: a server never sees it", sourceOf(u))
	}
	return u, nil
}
