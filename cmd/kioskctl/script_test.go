package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shlkiosk/sync/sandbox"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kioskctl": main})
}

// TestScripts drives the real program. Each script has a demo world of its
// own: $FHIR, $WORLD, and for each demo patient a file KEY.link and KEY.json
// (the first plaintext Bundle).
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			ctx, cancel := context.WithCancel(context.Background())
			world, err := sandbox.Start(ctx, sandbox.Options{People: 60})
			if err != nil {
				cancel()
				return err
			}
			e.Defer(func() { world.Close(); cancel() })
			e.Setenv("FHIR", world.FHIRBase())
			e.Setenv("WORLD", world.Base())
			for _, p := range world.Demo() {
				if err := os.WriteFile(filepath.Join(e.WorkDir, p.Key+".link"), []byte(p.Link), 0o600); err != nil {
					return err
				}
				if len(p.Bundles) > 0 {
					if err := os.WriteFile(filepath.Join(e.WorkDir, p.Key+".json"), p.Bundles[0], 0o600); err != nil {
						return err
					}
				}
			}
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"want":  want,
			"fetch": fetch,
		},
	})
}

// want checks the last line of stdout as JSON: want PATH... VALUE pairs such
// as `want state verified patient.created false`.
func want(ts *testscript.TestScript, neg bool, args []string) {
	var doc any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("stdout")), &doc))
	if len(args)%2 != 0 {
		ts.Fatalf("want takes pairs of path and value")
	}
	for i := 0; i < len(args); i += 2 {
		got := text(at(doc, args[i]))
		if (got == args[i+1]) == neg {
			ts.Fatalf("%s = %s, want %s (negated: %v)", args[i], got, args[i+1], neg)
		}
	}
}

// fetch asks a server and puts the answer into the file "fetched":
// fetch METHOD URL [BODY].
func fetch(ts *testscript.TestScript, neg bool, args []string) {
	if len(args) < 2 || neg {
		ts.Fatalf("fetch takes a method, an address and perhaps a body")
	}
	req, err := http.NewRequest(args[0], args[1], strings.NewReader(strings.Join(args[2:], " ")))
	ts.Check(err)
	res, err := http.DefaultClient.Do(req)
	ts.Check(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	ts.Check(err)
	if res.StatusCode >= 300 {
		ts.Fatalf("%s %s: %d %s", args[0], args[1], res.StatusCode, b)
	}
	ts.Check(os.WriteFile(ts.MkAbs("fetched"), b, 0o600))
}

func at(doc any, path string) any {
	dir, rest := path, ""
	for i, r := range path {
		if r == '.' {
			dir, rest = path[:i], path[i+1:]
			break
		}
	}
	switch v := doc.(type) {
	case map[string]any:
		doc = v[dir]
	case []any:
		if dir == "len" {
			return len(v)
		}
		var n int
		if json.Unmarshal([]byte(dir), &n) != nil || n >= len(v) {
			return nil
		}
		doc = v[n]
	default:
		return nil
	}
	if rest == "" {
		return doc
	}
	return at(doc, rest)
}

func text(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	b, _ := json.Marshal(v)
	return string(b)
}
