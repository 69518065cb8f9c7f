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

	"shlkiosk/camera"
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
	film := flag.Bool("film", true, "")
	clips := flag.Bool("clips", false, "")
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
		if *clips {
			continue
		}
		g := load(filepath.Join(dir, e.File))
		r := qr.NewReader(qr.Options{Wanted: wantedIn(e.Text, isSHL)})
		t := cpu()
		rd := r.Still(g)
		d := float64((cpu() - t).Microseconds()) / 1000
		ms = append(ms, d)
		ok, wrong := false, false
		for _, x := range rd {
			if x.Text == e.Text {
				ok = true
			} else if slices.Contains(e.Others, x.Text) {
				ok = true
			} else {
				wrong = true
				fmt.Printf("%s got %q want %q\n", e.ID, x.Text, e.Text)
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
	if *clips {
		runClips(dir, b, *only, *film, isSHL)
		return
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

func runClips(dir string, b []byte, only string, film bool, wanted func(string) bool) {
	var firsts []int
	var ms []float64
	for _, ln := range bytes.Split(b, []byte("\n")) {
		var e struct {
			ID, Dir, Text, Style string
			Hard, W              int
			Version              int
		}
		if json.Unmarshal(ln, &e) != nil || e.Dir == "" || !strings.Contains(e.ID, only) {
			continue
		}
		r := qr.NewReader(qr.Options{Wanted: wanted, Synchronous: true})
		first := 99
		var fms []float64
		for i := range 60 {
			g := load(filepath.Join(dir, e.Dir, fmt.Sprintf("f%03d.jpg", i)))
			if g == nil {
				break
			}
			t := cpu()
			var rd []camera.Reading
			if film {
				rd = r.Frame(camera.Frame{Gray: g, Seq: uint64(i), At: time.Unix(0, int64(i)*33e6)}).Readings
			} else {
				rd = r.Still(g)
			}
			fms = append(fms, float64((cpu()-t).Microseconds())/1000)
			if len(rd) > 0 {
				if rd[0].Text == e.Text {
					first = i
				} else {
					fmt.Println("WRONG", e.ID)
				}
				break
			}
		}
		r.Close()
		firsts = append(firsts, first)
		ms = append(ms, fms...)
		slices.Sort(fms)
		fmt.Printf("%s %-9s hard%d W%d v%d first %d  ms med %.1f max %.1f\n", e.ID, e.Style, e.Hard, e.W, e.Version, first, fms[len(fms)/2], fms[len(fms)-1])
	}
	slices.Sort(firsts)
	slices.Sort(ms)
	fmt.Println("firsts", firsts, "median", firsts[len(firsts)/2], "ms", ms[len(ms)/2], ms[len(ms)*95/100])
}

func wantedIn(text string, f func(string) bool) func(string) bool {
	if f(text) {
		return f
	}
	return nil
}
