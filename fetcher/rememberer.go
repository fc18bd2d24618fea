package fetcher

import (
	"encoding/json"
	"net/http"
)

// Rememberer is the optional interface of a source whose memory of what was
// taken (see [Receipt]) can be carried over to another process, so that it is not
// downloaded again only because the consumer's process was replaced. [HTTP] and
// [Github] have it; [Manifest] needs none, as it looks at digests first.
type Rememberer interface {
	// Memory returns what the source remembers, or nil. It is not called
	// during a Fetch.
	Memory() []byte

	// Remember takes what Memory of an equal source has returned. It is called
	// before the first Fetch, perhaps before Init. What the source cannot use it
	// drops: that costs a download and loses nothing.
	Remember(memory []byte)
}

// httpMemory is the memory of an HTTP source.
type httpMemory struct {
	URL          string
	ETag         string      `json:",omitempty"`
	LastModified string      `json:",omitempty"`
	Header       http.Header `json:",omitempty"`
}

// Memory is [Rememberer.Memory].
func (h *HTTP) Memory() []byte {
	if h.taken == nil {
		return nil
	}
	text, err := json.Marshal(httpMemory{URL: h.URL, ETag: h.taken.etag, LastModified: h.taken.lastModified, Header: h.taken.header})
	if err != nil {
		return nil
	}
	return text
}

// Remember is [Rememberer.Remember].
func (h *HTTP) Remember(memory []byte) {
	var m httpMemory
	if json.Unmarshal(memory, &m) == nil && m.URL == h.URL {
		h.taken = &validator{etag: m.ETag, lastModified: m.LastModified, header: m.Header}
	}
}

// githubMemory is the memory of a Github source.
type githubMemory struct {
	API, User, Repo string
	ETag            string
	Taken           asset
}

// Memory is [Rememberer.Memory].
func (g *Github) Memory() []byte {
	if g.taken == (asset{}) {
		return nil
	}
	text, err := json.Marshal(githubMemory{API: g.API, User: g.User, Repo: g.Repo, ETag: g.etag, Taken: g.taken})
	if err != nil {
		return nil
	}
	return text
}

// Remember is [Rememberer.Remember].
func (g *Github) Remember(memory []byte) {
	var m githubMemory
	if json.Unmarshal(memory, &m) == nil && m.API == g.API && m.User == g.User && m.Repo == g.Repo {
		g.taken, g.etag = m.Taken, m.ETag
	}
}
