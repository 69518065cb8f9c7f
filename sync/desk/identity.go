package desk

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"shlkiosk/sync/phi"
)

// Fingerprint is the SHA-256 of a certificate (DER). It is the identity of the
// other side: certificates are our own and nobody signs them.
type Fingerprint [sha256.Size]byte

func (f Fingerprint) String() string { return hex.EncodeToString(f[:]) }

// MarshalText implements encoding.TextMarshaler.
func (f Fingerprint) MarshalText() ([]byte, error) { return []byte(f.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (f *Fingerprint) UnmarshalText(b []byte) error {
	raw, err := hex.DecodeString(string(b))
	if err != nil || len(raw) != len(f) {
		return fmt.Errorf("not a fingerprint")
	}
	*f = Fingerprint(raw)
	return nil
}

// Identity is one machine's key and self-signed certificate.
type Identity struct {
	cert tls.Certificate
}

// Fingerprint is what the other side knows this machine by.
func (i *Identity) Fingerprint() Fingerprint { return sha256.Sum256(i.cert.Certificate[0]) }

// EnsureIdentity reads the identity at path, or makes one (mode 0600) if nothing
// is there. What is there and cannot be read is an error, never replaced.
func EnsureIdentity(path string, now time.Time) (*Identity, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if b, err = newIdentity(now); err == nil {
			err = writeFile(path, b)
		}
	}
	if err != nil {
		return nil, &Error{Reason: "identity", Err: err}
	}
	defer phi.Wipe(b)
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
		return nil, &Error{Reason: "identity", Err: fmt.Errorf("%s can be read by others (chmod 600)", path)}
	}
	cert, err := tls.X509KeyPair(b, b)
	if err != nil {
		return nil, &Error{Reason: "identity", Err: fmt.Errorf("%s is not an identity", path)}
	}
	return &Identity{cert}, nil
}

func newIdentity(now time.Time) ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, err
	}
	tmpl := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "shlkiosk"},
		// The dates say nothing here: the certificate is known by its fingerprint
		// until somebody takes it off the list.
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.AddDate(30, 0, 0),
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, key.Public(), key)
	if err != nil {
		return nil, err
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = errors.Join(pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.Encode(&out, &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	return out.Bytes(), err
}

// writeFile replaces a file whole, mode 0600, on disk before it returns.
func writeFile(path string, b []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		_ = os.Remove(f.Name())
	}
	return err
}

// Peer is a machine that was enrolled.
type Peer struct {
	Name        string      `json:"name"`
	Address     string      `json:"address,omitempty"` // of a kiosk, host:port
	Fingerprint Fingerprint `json:"fingerprint"`
	Enrolled    time.Time   `json:"enrolled"`
}

// Peers is the list of enrolled machines, in a file. It is safe for concurrent
// use.
type Peers struct {
	path string
	mu   sync.Mutex
	list []Peer
}

// OpenPeers reads the list; a missing file is an empty list.
func OpenPeers(path string) (*Peers, error) {
	p := &Peers{path: path}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return p, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &p.list)
	}
	if err != nil {
		return nil, &Error{Reason: "peers", Err: err}
	}
	return p, nil
}

// All lists the peers.
func (p *Peers) All() []Peer {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.list)
}

// Find returns the peer with this fingerprint.
func (p *Peers) Find(f Fingerprint) (Peer, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	i := slices.IndexFunc(p.list, func(x Peer) bool { return x.Fingerprint == f })
	if i < 0 {
		return Peer{}, false
	}
	return p.list[i], true
}

// Add adds a peer, or replaces the one with the same fingerprint.
func (p *Peers) Add(n Peer) error {
	return p.change(func(list []Peer) []Peer {
		return append(slices.DeleteFunc(list, func(x Peer) bool { return x.Fingerprint == n.Fingerprint }), n)
	})
}

// Remove takes a peer off the list; its next connection is refused.
func (p *Peers) Remove(f Fingerprint) error {
	return p.change(func(list []Peer) []Peer {
		return slices.DeleteFunc(list, func(x Peer) bool { return x.Fingerprint == f })
	})
}

func (p *Peers) change(f func([]Peer) []Peer) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	list := f(slices.Clone(p.list))
	b, err := json.MarshalIndent(list, "", "  ")
	if err == nil {
		err = writeFile(p.path, b)
	}
	if err != nil {
		return &Error{Reason: "peers", Err: err}
	}
	p.list = list
	return nil
}
