package vault

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
	"pgregory.net/rapid"
)

func reasonOf(err error) Reason {
	var e *Error
	if errors.As(err, &e) {
		return e.Reason
	}
	return ""
}

func ring(t testing.TB) (string, *Vault) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key")
	if made, err := EnsureFile(path, time.Unix(1, 0)); err != nil || !made {
		t.Fatal(made, err)
	}
	v, err := Open("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return path, v
}

func TestSealOpen(t *testing.T) {
	_, v := ring(t)
	rapid.Check(t, func(rt *rapid.T) {
		plain := rapid.SliceOf(rapid.Byte()).Draw(rt, "plain")
		aad := rapid.SliceOf(rapid.Byte()).Draw(rt, "aad")
		sealed, err := v.Seal(plain, aad)
		if err != nil {
			rt.Fatal(err)
		}
		if len(sealed) != len(plain)+Overhead {
			rt.Fatalf("overhead is %d", len(sealed)-len(plain))
		}
		if got, err := v.Open(sealed, aad); err != nil || !bytes.Equal(got, plain) {
			rt.Fatal("does not open", err)
		}
		if _, err := v.Open(sealed, append(aad, 1)); reasonOf(err) != ReasonTampered {
			rt.Fatal("opens with other associated data", err)
		}
		at := rapid.IntRange(0, len(sealed)-1).Draw(rt, "at")
		sealed[at] ^= 1 << rapid.IntRange(0, 7).Draw(rt, "bit")
		if _, err := v.Open(sealed, aad); err == nil {
			rt.Fatalf("opens with byte %d changed", at)
		}
	})
}

func TestRecordKeys(t *testing.T) {
	_, v := ring(t)
	k, wrapped, err := v.NewRecordKey([]byte("rec-1"))
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := k.Seal([]byte("body"), []byte("v1"))
	if err != nil {
		t.Fatal(err)
	}
	k.Wipe()
	if _, err := k.Open(sealed, []byte("v1")); err == nil {
		t.Error("a wiped key opens")
	}
	if _, err := v.Unwrap(wrapped, []byte("rec-2")); reasonOf(err) != ReasonTampered {
		t.Error("another record's key is unwrapped:", err)
	}
	k, err = v.Unwrap(wrapped, []byte("rec-1"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := k.Open(sealed, []byte("v1")); err != nil || string(got) != "body" {
		t.Error(err)
	}
	if _, err := k.Open(sealed, []byte("v2")); reasonOf(err) != ReasonTampered {
		t.Error(err)
	}
}

func TestMACSeparatesLabelsAndParts(t *testing.T) {
	_, v := ring(t)
	seen := map[string]string{}
	for name, f := range map[string]func() ([]byte, error){
		"ab":    func() ([]byte, error) { return v.MAC(v.Active(), "l", []byte("ab")) },
		"a,b":   func() ([]byte, error) { return v.MAC(v.Active(), "l", []byte("a"), []byte("b")) },
		"label": func() ([]byte, error) { return v.MAC(v.Active(), "m", []byte("ab")) },
		"empty": func() ([]byte, error) { return v.MAC(v.Active(), "l", []byte("ab"), nil) },
	} {
		sum, err := f()
		if err != nil {
			t.Fatal(err)
		}
		if other, ok := seen[string(sum)]; ok {
			t.Errorf("%s and %s have one tag", name, other)
		}
		seen[string(sum)] = name
	}
}

func TestWrongKeyIsNotDamage(t *testing.T) {
	_, a := ring(t)
	_, b := ring(t)
	sealed, err := a.Seal([]byte("x"), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = b.Open(sealed, nil)
	if reasonOf(err) != ReasonWrong || !strings.Contains(err.Error(), a.Active().String()) {
		t.Error(err)
	}
	a.Close()
	if _, err := a.Open(sealed, nil); reasonOf(err) != ReasonClosed {
		t.Error(err)
	}
}

func TestSources(t *testing.T) {
	good, v := ring(t)
	text, _ := os.ReadFile(good)
	dir := t.TempDir()
	raw := bytes.Clone(text[:0])
	for i := range KeySize {
		raw = append(raw, byte(i*7+3))
	}
	write := func(name string, mode os.FileMode, b []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, b, mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		return path
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink(good, link); err != nil {
		t.Fatal(err)
	}
	write("cred", 0o400, text)
	env := WithGetenv(func(k string) string {
		if k == "CREDENTIALS_DIRECTORY" {
			return dir
		}
		return ""
	})
	noEnv := WithGetenv(func(string) string { return "" })
	ringText := string(text)
	cases := []struct {
		name, source string
		want         Reason
	}{
		{"good file", "file:" + good, ""},
		{"read-only file", "file:" + write("r", 0o400, text), ""},
		{"raw key", "file:" + write("raw", 0o600, raw), ""},
		{"hex key", "file:" + write("hex", 0o600, []byte(hex.EncodeToString(raw)+"\n")), ""},
		{"base64 key", "file:" + write("b64", 0o600, []byte(base64.StdEncoding.EncodeToString(raw)+"\n")), ""},
		{"credential", "credential:cred", ""},
		{"missing", "file:" + filepath.Join(dir, "nope"), ReasonMissing},
		{"empty", "file:" + write("empty", 0o600, nil), ReasonMissing},
		{"group may read", "file:" + write("g", 0o640, text), ReasonMode},
		{"world may read", "file:" + write("w", 0o604, text), ReasonMode},
		{"link", "file:" + link, ReasonKind},
		{"folder", "file:" + dir, ReasonKind},
		{"too long", "file:" + write("long", 0o600, bytes.Repeat([]byte("a"), maxRing+1)), ReasonMalformed},
		{"text", "file:" + write("text", 0o600, []byte("changeme")), ReasonMalformed},
		{"31 bytes", "file:" + write("31", 0o600, raw[:31]), ReasonMalformed},
		{"zeros", "file:" + write("zero", 0o600, make([]byte, 32)), ReasonMalformed},
		{"placeholder", "file:" + write("ph", 0o600, bytes.Repeat([]byte("ab"), 32)), ReasonMalformed},
		{"ring without keys", "file:" + write("none", 0o600, []byte("shlkiosk-keyring 1\n")), ReasonMalformed},
		{"ring cut short", "file:" + write("cut", 0o600, text[:len(text)-9]), ReasonMalformed},
		{"key twice", "file:" + write("twice", 0o600, []byte(ringText+ringText[strings.Index(ringText, "\nkey")+1:])), ReasonMalformed},
		{"newer ring", "file:" + write("newer", 0o600, []byte(strings.Replace(ringText, "keyring 1", "keyring 2", 1))), ReasonNewer},
		{"no systemd", "credential:cred", ReasonMissing},
		{"credential with a path", "credential:../x", ReasonSource},
		{"credential missing", "credential:nope", ReasonMissing},
		{"no kind", good, ReasonSource},
		{"unknown kind", "env:KEY", ReasonSource},
		{"no name", "file:", ReasonSource},
	}
	for _, c := range cases {
		opt := env
		if c.name == "no systemd" {
			opt = noEnv
		}
		got, err := Open(c.source, opt)
		if reasonOf(err) != c.want || (c.want == "") != (err == nil) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
		if err != nil {
			var e *Error
			if errors.As(err, &e) && e.Hint == "" && c.want != ReasonSource {
				t.Errorf("%s: the error does not say what to do: %v", c.name, err)
			}
			if strings.Contains(err.Error(), "changeme") || strings.Contains(err.Error(), hex.EncodeToString(raw[:8])) {
				t.Errorf("%s: the error repeats the content", c.name)
			}
			continue
		}
		defer got.Close()
		if c.name == "credential" && got.Active() != v.Active() {
			t.Error("the credential is another key")
		}
	}
}

func TestForeignOwner(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can give a file away")
	}
	path, _ := ring(t)
	if err := os.Chown(path, 12345, 12345); err != nil {
		t.Skip(err)
	}
	if _, err := Open("file:" + path); reasonOf(err) != ReasonOwner {
		t.Error(err)
	}
}

type memory map[string]string

func (m memory) Get(service, name string) (string, error) {
	s, ok := m[service+"/"+name]
	if !ok {
		return "", keyring.ErrNotFound
	}
	return s, nil
}
func (m memory) Set(service, name, secret string) error { m[service+"/"+name] = secret; return nil }

type broken struct{}

func (broken) Get(string, string) (string, error) { return "", errors.New("no bus") }
func (broken) Set(string, string, string) error   { return errors.New("no bus") }

func TestDesktopKeyring(t *testing.T) {
	m := memory{}
	if _, err := Open("keyring:demo", WithKeyring(m)); reasonOf(err) != ReasonMissing {
		t.Error(err)
	}
	for i := range 2 {
		if made, err := EnsureKeyring("demo", time.Unix(1, 0), WithKeyring(m)); err != nil || made != (i == 0) {
			t.Fatal(made, err)
		}
	}
	v, err := Open("keyring:demo", WithKeyring(m))
	if err != nil {
		t.Fatal(err)
	}
	v.Close()
	if _, err := Open("keyring:demo", WithKeyring(broken{})); reasonOf(err) != ReasonSource {
		t.Error(err)
	}
	if _, err := EnsureKeyring("demo", time.Unix(1, 0), WithKeyring(broken{})); reasonOf(err) != ReasonSource {
		t.Error("a key ring that cannot be asked is not an empty one:", err)
	}
}

func TestEnsureFileNeverOverwrites(t *testing.T) {
	path, v := ring(t)
	before, _ := os.ReadFile(path)
	if made, err := EnsureFile(path, time.Unix(2, 0)); made || err != nil {
		t.Error(made, err)
	}
	after, _ := os.ReadFile(path)
	if !bytes.Equal(before, after) {
		t.Error("overwritten")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o", info.Mode().Perm())
	}
	_ = v
	// A dangling link, an empty file and a folder are something, too.
	dir := t.TempDir()
	dangling := filepath.Join(dir, "dangling")
	if err := os.Symlink(filepath.Join(dir, "nowhere"), dangling); err != nil {
		t.Fatal(err)
	}
	if made, err := EnsureFile(dangling, time.Unix(2, 0)); made || err != nil {
		t.Error("dangling link:", made, err)
	}
	// Ten at once: one makes it, all see the same key.
	race := filepath.Join(dir, "race")
	var wg sync.WaitGroup
	var mu sync.Mutex
	makers := 0
	ids := map[KeyID]bool{}
	for range 10 {
		wg.Go(func() {
			made, err := EnsureFile(race, time.Unix(3, 0))
			if err != nil {
				t.Error(err)
			}
			v, err := Open("file:" + race)
			if err != nil {
				t.Error(err)
				return
			}
			defer v.Close()
			mu.Lock()
			defer mu.Unlock()
			ids[v.Active()] = true
			if made {
				makers++
			}
		})
	}
	wg.Wait()
	if makers != 1 || len(ids) != 1 {
		t.Errorf("%d makers, %d keys", makers, len(ids))
	}
	left, _ := filepath.Glob(filepath.Join(dir, ".race*"))
	if len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestRotation(t *testing.T) {
	path, v := ring(t)
	old := v.Active()
	k, wrapped, err := v.NewRecordKey([]byte("rec"))
	if err != nil {
		t.Fatal(err)
	}
	k.Wipe()
	fresh, err := AddKey(path, time.Unix(5, 0))
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Reload(); err != nil {
		t.Fatal(err)
	}
	if v.Active() != fresh || !v.Has(old) || len(v.Keys()) != 2 {
		t.Fatalf("keys %v", v.Keys())
	}
	now, changed, err := v.Rewrap(wrapped, []byte("rec"))
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	if _, changed, _ := v.Rewrap(now, []byte("rec")); changed {
		t.Error("wrapped again without need")
	}
	if err := RetireKey(path, fresh); reasonOf(err) != ReasonSource {
		t.Error("the active key was retired:", err)
	}
	if err := RetireKey(path, old); err != nil {
		t.Fatal(err)
	}
	if err := RetireKey(path, old); reasonOf(err) != ReasonMissing {
		t.Error(err)
	}
	only, err := Open("file:" + path)
	if err != nil {
		t.Fatal(err)
	}
	defer only.Close()
	if k, err := only.Unwrap(now, []byte("rec")); err != nil {
		t.Error(err)
	} else {
		k.Wipe()
	}
	if _, err := only.Unwrap(wrapped, []byte("rec")); reasonOf(err) != ReasonWrong {
		t.Error(err)
	}
	// Another ring in the file's place takes no key away from a running kiosk.
	other, _ := ring(t)
	if err := os.Rename(other, path); err != nil {
		t.Fatal(err)
	}
	if err := v.Reload(); reasonOf(err) != ReasonWrong || !v.Has(fresh) {
		t.Error(err)
	}
}

// No way of printing a vault shows a key.
func TestNothingPrints(t *testing.T) {
	path, v := ring(t)
	text, _ := os.ReadFile(path)
	var secret string
	for line := range strings.Lines(string(text)) {
		if f := strings.Fields(line); len(f) == 3 && f[0] == "key" {
			secret = f[2]
		}
	}
	raw, _ := base64.StdEncoding.DecodeString(secret)
	k, _, _ := v.NewRecordKey(nil)
	for _, x := range []any{v, v.keys, v.keys[0], k} {
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%x"} {
			s := fmt.Sprintf(verb, x)
			if strings.Contains(s, secret) || strings.Contains(s, hex.EncodeToString(raw)) || strings.Contains(s, fmt.Sprint(raw)[1:20]) {
				t.Errorf("%s of %T shows the key", verb, x)
			}
		}
	}
	if !v.Locked() {
		t.Log("keys are not locked into memory here (RLIMIT_MEMLOCK)")
	}
}
