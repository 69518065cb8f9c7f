package rules

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "shlkiosk"

// rooms says for each room which other rooms of the house it may import. A
// package below a room belongs to it and may use it. cmd may import all.
var rooms = map[string][]string{
	"camera":       {},
	"camera/gocv":  {"camera"},
	"camera/qr":    {"camera"},
	"camera/still": {"camera"},
	"camera/wedge": {"camera"},
	"config":       {},
	"sync/phi":     {},
	"sync/guard":   {"sync/phi"},
	"sync/fhir":    {"sync/guard", "sync/phi"},
	"sync/shl":     {"sync/guard", "sync/phi"},
	"sync/shc":     {"sync/guard", "sync/phi"},
	"sync/ktc":     {"sync/shl", "sync/fhir", "sync/guard", "sync/phi"},
	"sync/summary": {"sync/fhir", "sync/phi"},
	"sync/match":   {"sync/fhir", "sync/phi"},
	"sync/intake":  {"sync/fhir", "sync/summary", "sync/match", "sync/phi"},
	"sync/vault":   {"sync/phi"},
	"sync/audit":   {"sync/phi"},
	"sync/staff":   {"sync/phi"},
	"sync/outbox":  {"sync/vault", "sync/phi"},
	"sync/desk":    {"sync/phi"},
	"sync/sandbox": {"sync/fhir"},
	"ui/flow":      {"sync/phi"},
	// words formats the dates, quantities and keys that a summary holds.
	"ui/words":   {"sync/summary", "sync/phi"},
	"ui/say":     {"ui/words", "sync/phi"},
	"ui/page":    {},
	"ui/kit":     {"ui/words"},
	"ui/patient": {"ui/flow", "ui/kit", "ui/words", "ui/say", "ui/page", "sync/summary", "sync/phi"},
	"ui/staff":   {"ui/flow", "ui/kit", "ui/words", "ui/say", "ui/page", "sync/summary", "sync/phi"},
}

// owned libraries are imported by one room only (and by cmd).
var owned = map[string][]string{
	"gocv.io/x/gocv":                {"camera/gocv"},
	"go.etcd.io/bbolt":              {"sync/outbox"},
	"github.com/go-resty/resty/v2":  {"sync/fhir", "sync/guard", "sync/shl", "sync/shc", "sync/ktc"},
	"github.com/zalando/go-keyring": {"sync/vault"},
	"code.dny.dev/ssrf":             {"sync/guard"},
}

type pkg struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func packages(t *testing.T) []pkg {
	t.Helper()
	root, err := filepath.Abs("../../..")
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports,XTestImports",
		"-tags", "gocv_specific_modules,gocv_videoio,x11", "./...")
	cmd.Dir = root
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []pkg
	dec := json.NewDecoder(bytes.NewReader(out))
	for dec.More() {
		var p pkg
		if err := dec.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) < 20 {
		t.Fatalf("only %d packages found", len(all))
	}
	return all
}

// roomOf is the longest room that a path lies in; "" for cmd and outside.
func roomOf(path string) string {
	path = strings.TrimPrefix(path, module+"/")
	best := ""
	for r := range rooms {
		if (path == r || strings.HasPrefix(path, r+"/")) && len(r) > len(best) {
			best = r
		}
	}
	return best
}

func TestImportDirection(t *testing.T) {
	for _, p := range packages(t) {
		if strings.HasPrefix(p.ImportPath, module+"/cmd/") {
			continue
		}
		room := roomOf(p.ImportPath)
		if room == "" {
			t.Errorf("%s belongs to no room: add it to the table on purpose", p.ImportPath)
			continue
		}
		for _, imp := range p.Imports {
			if strings.HasPrefix(imp, module+"/") {
				to := roomOf(imp)
				if to != room && !slices.Contains(rooms[room], to) {
					t.Errorf("%s imports %s: %s may not know %s", p.ImportPath, imp, room, to)
				}
				continue
			}
			for lib, who := range owned {
				if (imp == lib || strings.HasPrefix(imp, lib+"/")) && !slices.Contains(who, room) {
					t.Errorf("%s imports %s, which belongs to %v", p.ImportPath, imp, who)
				}
			}
			if strings.HasPrefix(imp, "fyne.io/") && !strings.HasPrefix(room, "ui/") {
				t.Errorf("%s imports %s: pixels belong to ui", p.ImportPath, imp)
			}
			if strings.HasPrefix(imp, "fyne.io/") && (room == "ui/flow" || room == "ui/words" || room == "ui/say") {
				t.Errorf("%s imports %s: it must work without a window", p.ImportPath, imp)
			}
		}
	}
}

func TestKioskctlHasNoCgo(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", "-f", "{{if .CgoFiles}}{{.ImportPath}}{{end}}", "./cmd/kioskctl")
	cmd.Dir = "../../.."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("kioskctl does not build without cgo: %v", err)
	}
	deps := exec.Command("go", "list", "-deps", "./cmd/kioskctl")
	deps.Dir = "../../.."
	all, err := deps.Output()
	if err != nil {
		t.Fatal(err)
	}
	if strings.TrimSpace(string(out)) != "" {
		t.Errorf("cgo in: %s", out)
	}
	for _, bad := range []string{"gocv.io/x/gocv", "fyne.io/fyne/v2"} {
		if strings.Contains(string(all), bad) {
			t.Errorf("kioskctl depends on %s", bad)
		}
	}
}

func TestTopLevelIsAsAgreed(t *testing.T) {
	out, err := exec.Command("git", "-C", "../../..", "ls-files").Output()
	if err != nil {
		t.Skip("not a git checkout: the list of files is not known here")
	}
	agreed := []string{"cmd", "camera", "ui", "sync", "config", "go.mod", "go.sum", "Makefile", "README.md", "LICENSE", "CHANGELOG.md"}
	for _, f := range strings.Fields(string(out)) {
		top, _, _ := strings.Cut(f, "/")
		if !strings.HasPrefix(top, ".") && !slices.Contains(agreed, top) {
			t.Errorf("%s is outside the agreed top level", f)
		}
		if dir, name := filepath.Split(f); dir == "sync/" && strings.HasSuffix(name, ".go") {
			t.Errorf("%s: a package named sync would shadow the standard one", f)
		}
	}
}
