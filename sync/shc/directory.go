package shc

import (
	"crypto/ecdsa"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// maxDirectory bounds a directory file: the VCI snapshot has 0.7 MB.
const maxDirectory = 32 << 20

// Directory is a list of trusted issuers, with their keys and revocation lists
// where the file has them. It is read-only and safe for concurrent use.
type Directory struct {
	issuers map[string]*listed
	// Time is when the list was made, zero when the file does not say.
	Time time.Time
}

type listed struct {
	name string
	keys map[string]issuerKey
	crls map[string]revocations
}

type directoryFile struct {
	Time    string `json:"time"`
	Issuers []struct {
		Iss  string `json:"iss"`
		Name string `json:"name"`
	} `json:"participating_issuers"`
	Snapshot []struct {
		Issuer struct {
			Iss  string `json:"iss"`
			Name string `json:"name"`
		} `json:"issuer"`
		Keys []json.RawMessage `json:"keys"`
		CRLs []json.RawMessage `json:"crls"`
	} `json:"issuerInfo"`
}

// ParseDirectory reads either VCI form: the list ({"participating_issuers":
// [{iss, name}]}) or the snapshot with keys and revocation lists
// ({"issuerInfo": [{issuer, keys, crls}]}). Keys that are not in the form of
// the standard are left out.
func ParseDirectory(b []byte) (*Directory, error) {
	if len(b) > maxDirectory {
		return nil, fmt.Errorf("shc: directory: above %d bytes", maxDirectory)
	}
	var f directoryFile
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, fmt.Errorf("shc: directory: not JSON in VCI form: %w", err)
	}
	if len(f.Issuers)+len(f.Snapshot) == 0 {
		return nil, errors.New("shc: directory: lists no issuer; want participating_issuers or issuerInfo")
	}
	d := &Directory{issuers: map[string]*listed{}}
	d.Time, _ = time.Parse(time.RFC3339, f.Time)
	for _, i := range f.Issuers {
		d.issuer(i.Iss, i.Name)
	}
	for _, s := range f.Snapshot {
		l := d.issuer(s.Issuer.Iss, s.Issuer.Name)
		for _, raw := range s.Keys {
			if k, why := parseKey(raw); why == "" {
				l.keys[k.kid] = k
			}
		}
		for _, raw := range s.CRLs {
			if r, ok := parseRevocations(raw); ok {
				l.crls[r.kid] = r
			}
		}
	}
	delete(d.issuers, "")
	return d, nil
}

func (d *Directory) issuer(iss, name string) *listed {
	l := d.issuers[iss]
	if l == nil {
		l = &listed{keys: map[string]issuerKey{}, crls: map[string]revocations{}}
		d.issuers[iss] = l
	}
	if l.name == "" {
		l.name = name
	}
	return l
}

// Len is the number of issuers.
func (d *Directory) Len() int {
	if d == nil {
		return 0
	}
	return len(d.issuers)
}

// Lists tells whether an issuer is listed, and its name.
func (d *Directory) Lists(iss string) (name string, ok bool) {
	if d == nil {
		return "", false
	}
	l, ok := d.issuers[iss]
	if !ok {
		return "", false
	}
	return l.name, true
}

func (d *Directory) find(iss string) *listed {
	if d == nil {
		return nil
	}
	return d.issuers[iss]
}

// LoadDirectory reads a directory file. With a public key the file counts only
// when path+".sig" is its detached signature.
func LoadDirectory(path string, key PublicKey) (*Directory, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("shc: directory: %w", err)
	}
	if key != nil {
		sig, err := os.ReadFile(path + signatureSuffix)
		if err != nil {
			return nil, fmt.Errorf("shc: directory: its signature: %w", err)
		}
		if err := VerifyDetached(b, sig, key); err != nil {
			return nil, err
		}
	}
	return ParseDirectory(b)
}

// issuerKey is one key of a JWKS that is in the form of the standard.
type issuerKey struct {
	kid        string
	public     *ecdsa.PublicKey
	crlVersion int64 // 0: the issuer has no revocation list for this key
}
