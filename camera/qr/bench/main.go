package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/draw"
	"image/jpeg"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"shlkiosk/camera/qr"
)

type entry struct {
	ID, File, Dir, Group, Grade, Text string
	Others                            []string
}

func cpu() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(0, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func load(f string) *image.Gray {
	b, err := os.ReadFile(f)
	if err != nil {
		return nil
	}
	im, err := jpeg.Decode(bytes.NewReader(b))
	if err != nil {
		return nil
	}
	if g, ok := im.(*image.Gray); ok {
		return g
	}
	g := image.NewGray(im.Bounds())
	draw.Draw(g, g.Bounds(), im, im.Bounds().Min, draw.Src)
	return g
}

func main() {
	verbose := flag.Bool("v", false, "")
	only := flag.String("only", "", "")
	flag.Parse()
	dir := flag.Arg(0)
	b, _ := os.ReadFile(filepath.Join(dir, "manifest.jsonl"))
	type stat struct{ n, ok, wrong int }
	st := map[string]*stat{}
	var ms []float64
	isSHL := func(t string) bool { return strings.Contains(t, "shlink:/") }
	for _, ln := range bytes.Split(b, []byte("\n")) {
		var e entry
		if json.Unmarshal(ln, &e) != nil || e.File == "" || !strings.Contains(e.ID, *only) {
			continue
		}
		g := load(filepath.Join(dir, e.File))
		r := qr.NewReader(qr.Options{Wanted: isSHL})
		r.Still(image.NewGray(image.Rect(0, 0, 64, 64)))
		t := time.Now()
		_ = cpu
		rd := r.Still(g)
		d := float64((time.Since(t)).Microseconds()) / 1000
		ms = append(ms, d)
		ok, wrong := false, false
		for _, x := range rd {
			if x.Text == e.Text {
				ok = true
			} else if slices.Contains(e.Others, x.Text) {
				ok = true
			} else {
				wrong = true
			}
		}
		for _, k := range []string{e.Group + " " + e.Grade, "~ " + e.Grade, "~ all", e.Group} {
			s := st[k]
			if s == nil {
				s = &stat{}
				st[k] = s
			}
			s.n++
			if ok {
				s.ok++
			}
			if wrong {
				s.wrong++
			}
		}
		if *verbose && !ok {
			fmt.Printf("MISS %s %.1fms\n", e.ID, d)
		}
		if wrong {
			fmt.Println("WRONG", e.ID, rd)
		}
	}
	var ks []string
	for k := range st {
		if !strings.Contains(k, " ") {
			ks = append(ks, k)
		}
	}
	slices.Sort(ks)
	for _, k := range append(ks, "~") {
		fmt.Printf("%-12s", k)
		for _, g := range []string{"easy", "medium", "hard"} {
			if s := st[k+" "+g]; s != nil {
				fmt.Printf(" %3d/%3d", s.ok, s.n)
			}
		}
		fmt.Println()
	}
	slices.Sort(ms)
	a := st["~ all"]
	fmt.Printf("all %d/%d = %.1f%% wrong %d  ms median %.1f p95 %.1f max %.1f\n", a.ok, a.n, 100*float64(a.ok)/float64(a.n), a.wrong, ms[len(ms)/2], ms[len(ms)*95/100], ms[len(ms)-1])
}
