package publish

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"reflect"

	"github.com/seed-3d078585/overseer/cmd/internal/period"
	"github.com/seed-3d078585/overseer/release"
)

// A draft is a release that was added and is not published.
type draft struct {
	Version   string                      `json:"version"`
	Notes     string                      `json:"notes,omitempty"`
	Urgent    bool                        `json:"urgent,omitempty"`
	Stage     *Stage                      `json:"stage,omitempty"`
	Base      uint64                      `json:"base"` // seq of the channel when it was begun
	Artifacts map[string]release.Artifact `json:"artifacts"`
}

// A Stage is a rollout that begins when it is published.
type Stage struct {
	Percent float64       `json:"percent"`
	Ramp    period.Period `json:"ramp,omitempty"` // until Percent is reached; 0: at once
	From    float64       `json:"from,omitempty"` // where the ramp begins
}

const draftFile = "draft.json"

// readDraft returns nil where nothing was added.
func (d *Directory) readDraft(channel string) (*draft, error) {
	name := draftName(channel, draftFile)
	data, err := d.disk.read(name, release.MaxManifest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var dr draft
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&dr); err != nil {
		return nil, fmt.Errorf("read %q: %w: discard the draft and add again", d.disk.path(name), err)
	}
	return &dr, nil
}

func (d *Directory) writeDraft(channel string, dr draft) error {
	data, err := json.MarshalIndent(dr, "", "  ")
	if err != nil {
		return err
	}
	return d.disk.write(draftName(channel, draftFile), append(data, '\n'))
}

// dropDraft forgets what was added: its list first, so that no draft names what
// is gone.
func (d *Directory) dropDraft(channel string) error {
	if err := d.disk.remove(draftName(channel, draftFile)); err != nil {
		return err
	}
	d.disk.step("remove", draftName(channel, ""))
	return os.RemoveAll(d.disk.path(draftName(channel, "")))
}

// dropIfPublished forgets a draft that became the release m before its publisher
// was killed.
func (d *Directory) dropIfPublished(m signed) error {
	dr, err := d.readDraft(m.Channel)
	if err != nil || dr == nil || !dr.is(m) {
		return nil // whoever needs a draft that cannot be read says so
	}
	d.sayf("version %s was published as seq %d before the last publisher ended: its draft is gone", m.Version, m.Seq)
	return d.dropDraft(m.Channel)
}

// is reports whether m is the draft, published.
func (dr draft) is(m signed) bool {
	return dr.Base < m.Seq && dr.Version == m.Version && maps.EqualFunc(dr.Artifacts, m.Artifacts, func(a, b release.Artifact) bool { return reflect.DeepEqual(a, b) })
}
