package vault

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/zalando/go-keyring"

	"shlkiosk/sync/phi"
)

// KeyringService is the name under which the desktop's key ring keeps our keys.
const KeyringService = "shlkiosk"

// Keyring is the desktop's store of secrets, as go-keyring reaches it.
type Keyring interface {
	Get(service, name string) (string, error)
	Set(service, name, secret string) error
}

// Option changes how Open reaches its sources; the defaults are the system's.
type Option func(*env)

type env struct {
	getenv  func(string) string
	keyring Keyring
	uid     int
}

// WithGetenv replaces os.Getenv.
func WithGetenv(f func(string) string) Option { return func(e *env) { e.getenv = f } }

// WithKeyring replaces the desktop's key ring.
func WithKeyring(k Keyring) Option { return func(e *env) { e.keyring = k } }

func newEnv(opts []Option) env {
	e := env{getenv: os.Getenv, keyring: desktop{}, uid: os.Geteuid()}
	for _, o := range opts {
		o(&e)
	}
	return e
}

// Open reads the key ring from a source:
//
//	file:PATH         a regular file, mode 0600 or 0400, owned by this user
//	credential:NAME   a systemd credential: $CREDENTIALS_DIRECTORY/NAME
//	keyring:NAME      the desktop's key ring; for the demo and development
//
// It never makes a key. See EnsureFile and EnsureKeyring for that.
func Open(source string, opts ...Option) (*Vault, error) {
	e := newEnv(opts)
	b, err := e.read(source)
	if err != nil {
		return nil, err
	}
	defer phi.Wipe(b)
	keys, err := parseRing(b, source)
	if err != nil {
		return nil, err
	}
	return &Vault{source: source, keys: keys}, nil
}

func (e env) read(source string) ([]byte, error) {
	kind, name, ok := strings.Cut(source, ":")
	if !ok || name == "" {
		return nil, refuse(ReasonSource, source, "write file:PATH, credential:NAME or keyring:NAME", "not a key source")
	}
	switch kind {
	case "file":
		return readChecked(name, source, e.uid, 0o077)
	case "credential":
		dir := e.getenv("CREDENTIALS_DIRECTORY") // set by systemd for LoadCredential= (systemd.exec(5))
		if dir == "" {
			return nil, refuse(ReasonMissing, source, "add LoadCredentialEncrypted="+name+" to the unit and start the kiosk through systemd",
				"CREDENTIALS_DIRECTORY is not set")
		}
		if name != filepath.Base(name) || name == "." || name == ".." {
			return nil, refuse(ReasonSource, source, "", "a credential's name has no path in it")
		}
		// systemd makes these 0400 and owned by the unit's user, or 0440 and
		// owned by root with an ACL for a dynamic user.
		return readChecked(filepath.Join(dir, name), source, e.uid, 0o037)
	case "keyring":
		text, err := e.keyring.Get(KeyringService, name)
		if errors.Is(err, keyring.ErrNotFound) {
			return nil, refuse(ReasonMissing, source, "unlock the desktop's key ring of the user who set the kiosk up", "no such secret")
		}
		if err != nil {
			return nil, refuse(ReasonSource, source, "unlock the desktop's key ring, or use file:PATH", "%w", err)
		}
		return []byte(text), nil
	}
	return nil, refuse(ReasonSource, source, "write file:PATH, credential:NAME or keyring:NAME", "unknown kind of key source %q", kind)
}

// readChecked opens without following a link and checks the open file, so that
// nothing can be swapped between check and use.
func readChecked(path, source string, uid int, forbidden fs.FileMode) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, refuse(ReasonMissing, source, "put the kiosk's key ring back from its safe place; a new key cannot read old data", "no such file")
	case errors.Is(err, syscall.ELOOP):
		return nil, refuse(ReasonKind, source, "name the file itself", "is a symbolic link")
	case err != nil:
		return nil, refuse(ReasonSource, source, "make it readable for the kiosk's user only (chmod 600)", "%w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, refuse(ReasonSource, source, "", "%w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, refuse(ReasonKind, source, "name a regular file", "is not a regular file")
	}
	if info.Mode().Perm()&forbidden != 0 {
		return nil, refuse(ReasonMode, source, "chmod 600, then think about who may have read it", "mode is %#o", info.Mode().Perm())
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && int(st.Uid) != uid && st.Uid != 0 {
		return nil, refuse(ReasonOwner, source, "chown it to the kiosk's user", "belongs to user %d", st.Uid)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxRing+1))
	if err != nil {
		return nil, refuse(ReasonSource, source, "", "%w", err)
	}
	return b, nil
}

// EnsureFile makes a key ring with one new key at path if nothing is there, and
// tells whether it did. What is there is never overwritten, whatever it is.
// The ring is on disk, directory entry included, before EnsureFile returns.
//
// Call it when a kiosk is set up, not at each start: a key that has gone
// missing beside an existing ledger must stay a loud error. (The ledger
// notices a new key all the same and refuses.)
func EnsureFile(path string, now time.Time) (made bool, err error) {
	if _, err := os.Lstat(path); err == nil {
		return false, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, refuse(ReasonSource, "file:"+path, "", "%w", err)
	}
	ring, err := newRing(now)
	if err != nil {
		return false, err
	}
	defer phi.Wipe(ring)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return false, refuse(ReasonSource, "file:"+path, "", "%w", err)
	}
	// link(2) of a finished file: another process that does the same at the same
	// time, or a crash, never leaves a half-written key under this name.
	temp, err := writeTemp(path, ring)
	if err != nil {
		return false, refuse(ReasonSource, "file:"+path, "", "%w", err)
	}
	defer os.Remove(temp)
	if err := os.Link(temp, path); errors.Is(err, fs.ErrExist) {
		return false, nil
	} else if err != nil {
		return false, refuse(ReasonSource, "file:"+path, "", "%w", err)
	}
	return true, syncDir(filepath.Dir(path))
}

// EnsureKeyring is EnsureFile for the desktop's key ring.
func EnsureKeyring(name string, now time.Time, opts ...Option) (made bool, err error) {
	e := newEnv(opts)
	switch _, err := e.keyring.Get(KeyringService, name); {
	case err == nil:
		return false, nil
	case !errors.Is(err, keyring.ErrNotFound):
		return false, refuse(ReasonSource, "keyring:"+name, "unlock the desktop's key ring, or use file:PATH", "%w", err)
	}
	ring, err := newRing(now)
	if err != nil {
		return false, err
	}
	defer phi.Wipe(ring)
	if err := e.keyring.Set(KeyringService, name, string(ring)); err != nil {
		return false, refuse(ReasonSource, "keyring:"+name, "unlock the desktop's key ring, or use file:PATH", "%w", err)
	}
	return true, nil
}

func newRing(now time.Time) ([]byte, error) {
	k, err := newKey(randomKey(), now.UTC().Format(time.RFC3339))
	if err != nil {
		return nil, err
	}
	defer k.secret.Wipe()
	return formatRing([]key{k}), nil
}

// writeTemp writes b, fsynced, mode 0600, beside path.
func writeTemp(path string, b []byte) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // CreateTemp makes 0600
	if err != nil {
		return "", err
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		_ = os.Remove(f.Name())
		return "", err
	}
	return f.Name(), nil
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

type desktop struct{}

func (desktop) Get(service, name string) (string, error) { return keyring.Get(service, name) }
func (desktop) Set(service, name, secret string) error   { return keyring.Set(service, name, secret) }
