package canary

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const planted = "Zyxwa Quäck-Canary"

func scanner(t *testing.T) *Scanner {
	t.Helper()
	s, err := New(map[string]string{"name": planted, "key": "\x01\x02\x80\xff\xfe\x10\x33\x44"})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFindsEveryForm(t *testing.T) {
	s := scanner(t)
	for form, text := range map[string]string{
		"plain": planted, "upper": strings.ToUpper(planted), "lower": strings.ToLower(planted),
		"hex": hex.EncodeToString([]byte(planted)), "query": url.QueryEscape(planted), "path": url.PathEscape(planted),
		"escaped": fmt.Sprintf("%+q", planted)[1:7], // not whole: must not be found
	} {
		hits := s.Bytes("x", []byte("before "+text+" after"))
		if (len(hits) > 0) != (form != "escaped") {
			t.Errorf("%s: %v", form, hits)
		}
	}
	if hits := s.Bytes("x", []byte("nothing here")); len(hits) != 0 {
		t.Error(hits)
	}
	for _, h := range s.Bytes("x", []byte(planted)) {
		if strings.Contains(h.String(), "Zyxwa") {
			t.Error("the hit repeats the canary")
		}
	}
	if _, err := New(map[string]string{"pin": "1234"}); err == nil {
		t.Error("a canary that is found by chance was taken")
	}
}

// Base64 is found whatever stands before and after.
func TestFindsBase64AtEveryAlignment(t *testing.T) {
	s := scanner(t)
	rapid.Check(t, func(rt *rapid.T) {
		before := rapid.SliceOf(rapid.Byte()).Draw(rt, "before")
		after := rapid.SliceOf(rapid.Byte()).Draw(rt, "after")
		whole := append(append(before, planted...), after...)
		for _, enc := range []*base64.Encoding{base64.StdEncoding, base64.RawURLEncoding} {
			if len(s.Bytes("x", []byte(enc.EncodeToString(whole)))) == 0 {
				rt.Fatal("not found")
			}
		}
	})
}

func TestFindsAcrossChunks(t *testing.T) {
	s := scanner(t)
	for _, at := range []int{0, 1<<20 - 5, 1<<20 + 3, 3<<20 - 1} {
		b := make([]byte, 4<<20)
		copy(b[at:], planted)
		hits, err := s.Reader("x", strings.NewReader(string(b)))
		if err != nil || len(hits) == 0 || hits[0].At != int64(at) {
			t.Errorf("at %d: %v %v", at, hits, err)
		}
	}
}

func TestFiles(t *testing.T) {
	s := scanner(t)
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a/clean.log", "nothing")
	if hits, err := s.Files(dir, filepath.Join(dir, "not there")); err != nil || len(hits) != 0 {
		t.Error(hits, err)
	}
	write("a/b/dirty.log", "user "+planted)
	write("a/"+planted+".txt", "")
	if hits, err := s.Files(dir); err != nil || len(hits) != 2 {
		t.Error(hits, err)
	}
}

// A child holds a canary in its memory, or does not.
func TestProcess(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("Linux only")
	}
	if how := os.Getenv("CANARY_CHILD"); how != "" {
		b := []byte("nothing of note")
		if how == "hold" {
			b = []byte{}
			for _, c := range []byte("\\{zyc/Sw") { // put together at run time: not in the program's text
				b = append(b, c-2)
			}
			b = append(b, "-in-memory"...)
		}
		fmt.Println("ready")
		_, _ = io.Copy(io.Discard, os.Stdin)
		runtime.KeepAlive(b)
		os.Exit(0)
	}
	s, err := New(map[string]string{"name": strings.Join([]string{"Zyxwa", "Qu", "in", "memory"}, "-")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Process(os.Getpid()); err == nil {
		t.Error("it looked into itself")
	}
	for how, want := range map[string]bool{"hold": true, "clean": false} {
		cmd := exec.Command(os.Args[0], "-test.run=^TestProcess$")
		cmd.Env = append(os.Environ(), "CANARY_CHILD="+how)
		in, _ := cmd.StdinPipe()
		out, _ := cmd.StdoutPipe()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		_, _ = io.ReadFull(out, make([]byte, len("ready\n")))
		hits, err := s.Process(cmd.Process.Pid)
		_ = in.Close()
		_ = cmd.Wait()
		if err != nil {
			t.Skip("not allowed to read another process here:", err)
		}
		if (len(hits) > 0) != want {
			t.Errorf("%s: %v", how, hits)
		}
	}
}
