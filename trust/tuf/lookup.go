package tuf

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/theupdateframework/go-tuf/v2/metadata"

	"github.com/seed-3d078585/overseer/release"
	"github.com/seed-3d078585/overseer/trust"
)

// fileOf names the file of a role, for use in a URL. A role may have any name.
func fileOf(role string, version int64, consistent bool) string {
	file := url.PathEscape(role) + ".json"
	if consistent {
		file = strconv.FormatInt(version, 10) + "." + file
	}
	return file
}

// A delegation is a role, and the one that trusts it for some names.
type delegation struct{ role, by string }

// lookup walks the roles that are trusted for the target, depth first and in
// their order, to the first that lists it (5.6 and 5.7).
func (r *refresh) lookup(ctx context.Context) (trust.Grant, error) {
	var used []string
	defer func() { r.known.forgetTargets(used) }()
	rest := []delegation{{metadata.TARGETS, metadata.ROOT}} // the next one is the last
	for len(rest) > 0 {
		next := rest[len(rest)-1]
		rest = rest[:len(rest)-1]
		if slices.Contains(used, next.role) {
			continue
		}
		if len(used) == r.limits.Roles {
			return trust.Grant{}, fmt.Errorf("%w: more than %d roles may list the target", ErrTooLarge, len(used))
		}
		used = append(used, next.role)
		role, err := r.role(ctx, next)
		if err != nil {
			return trust.Grant{}, err
		}
		if file, ok := role.Signed.Targets[r.target]; ok {
			return grant(next.role, file)
		}
		further, final := delegated(role.Signed.Delegations, r.target)
		if final {
			rest = nil
		}
		for _, name := range slices.Backward(further) {
			rest = append(rest, delegation{name, next.role})
		}
	}
	return trust.Grant{}, ErrNoTarget
}

// role brings the metadata of a role that lists targets, in the version that
// the snapshot names.
func (r *refresh) role(ctx context.Context, d delegation) (role *metadata.Metadata[metadata.TargetsType], err error) {
	update := func(data []byte) error {
		return fence(func() error { role, err = r.set.UpdateDelegatedTargets(data, d.role, d.by); return err })
	}
	if known := r.known.Targets[d.role]; known != nil && update(known) == nil {
		return role, nil
	}
	label := fmt.Sprintf("role %q", d.role)
	named := r.set.Snapshot.Signed.Meta[d.role+".json"]
	if named == nil {
		return nil, refused(label, &metadata.ErrRepository{Msg: "the snapshot does not name it"}, ErrMismatch)
	}
	data, err := r.fetch(ctx, d.role, named, r.limits.Targets)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", label, err)
	}
	if err := update(data); err != nil {
		return nil, refused(label, err, ErrMismatch)
	}
	r.known.Targets[d.role] = data
	return role, nil
}

// delegated returns the roles that are trusted for the target, in their order.
// It ends with one that is final: the target is looked for nowhere else.
func delegated(d *metadata.Delegations, target string) (roles []string, final bool) {
	if d == nil {
		return nil, false
	}
	if d.SuccinctRoles != nil && d.Roles == nil {
		for _, role := range d.SuccinctRoles.GetRolesForTarget(target) {
			roles = append(roles, role.Name)
		}
		return roles, true
	}
	for _, role := range d.Roles {
		if !covers(&role, target) {
			continue
		}
		roles = append(roles, role.Name)
		if role.Terminating {
			return roles, true
		}
	}
	return roles, false
}

// covers reports whether a role is trusted for the target. Prefixes are of the
// hexadecimal hash, as the specification has it; go-tuf compares them with the
// hash in base64, and finds nothing in a repository of others.
func covers(role *metadata.DelegatedRole, target string) bool {
	if len(role.Paths) > 0 {
		ok, err := role.IsDelegatedPath(target)
		return err == nil && ok
	}
	hash := sha256.Sum256([]byte(target))
	digits := hex.EncodeToString(hash[:])
	return slices.ContainsFunc(role.PathHashPrefixes, func(prefix string) bool {
		return strings.HasPrefix(digits, prefix)
	})
}

// grant is what the entry of a target proves.
func grant(role string, file *metadata.TargetFiles) (trust.Grant, error) {
	var digest release.Digest
	if file == nil || file.Length <= 0 || len(file.Hashes["sha256"]) != len(digest) {
		return trust.Grant{}, fmt.Errorf("role %q: %w", role, ErrUnbound)
	}
	copy(digest[:], file.Hashes["sha256"])
	if digest.IsZero() {
		return trust.Grant{}, fmt.Errorf("role %q: %w", role, ErrUnbound) // it would bind nothing
	}
	return trust.Grant{Digest: digest, Size: file.Length}, nil
}
