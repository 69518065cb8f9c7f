package engine

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"

	"shlkiosk/config"
	"shlkiosk/sync/fhir"
)

// authorise makes what the configuration says of fhir.auth; nil is none.
func authorise(f config.FHIR, roots *x509.CertPool, certs []tls.Certificate, env Env) (fhir.Authoriser, error) {
	grant := fhir.GrantOptions{Base: f.Base, TokenURL: f.Auth.TokenURL, ClientID: f.Auth.ClientID,
		RootCAs: roots, Certificates: certs, Timeout: f.Timeout, Now: env.Now}
	if f.Auth.Scope != "" {
		grant.Scopes = strings.Fields(f.Auth.Scope)
	}
	switch f.Auth.Kind {
	case "bearer":
		b, err := fhir.NewBearerFile(f.Auth.TokenFile, env.Now)
		if err != nil {
			return nil, config.Problems{{Path: "fhir.auth.token_file", Wrong: err.Error(), Fix: "Put the token, and nothing else, into that file"}}
		}
		return b, nil
	case "client_secret":
		grant.Method = map[string]string{"basic": fhir.MethodSecretBasic, "post": fhir.MethodSecretPost}[f.Auth.SecretMethod]
		// Read at each use, so that a secret can be changed while the kiosk runs.
		grant.Secret = func() (string, error) {
			b, err := os.ReadFile(f.Auth.SecretFile)
			if err != nil {
				return "", fmt.Errorf("reading fhir.auth.secret_file: %w", Pathless(err))
			}
			s := strings.TrimSpace(string(b))
			if s == "" {
				return "", errors.New("fhir.auth.secret_file is empty")
			}
			return s, nil
		}
	case "private_key_jwt":
		b, err := os.ReadFile(f.Auth.KeyFile)
		if err == nil {
			grant.Key, err = fhir.ParseKey(b)
		}
		if err != nil {
			return nil, config.Problems{{Path: "fhir.auth.key_file", Wrong: "is not a private key", Fix: "Make one with: kioskctl key --out FILE"}}
		}
		grant.Method = fhir.MethodKey
	default:
		return nil, nil
	}
	return fhir.NewGrant(grant)
}
