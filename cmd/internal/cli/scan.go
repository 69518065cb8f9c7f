package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"shlkiosk/camera"
	"shlkiosk/camera/qr"
	"shlkiosk/camera/still"
	"shlkiosk/cmd/internal/engine"
)

// scanned is one line of `scan --json`.
type scanned struct {
	File  string   `json:"file"`
	Texts []string `json:"texts"`
	MS    float64  `json:"ms"`    // reading alone: no file access, no JPEG decoding
	Frame *int     `json:"frame"` // index of the first frame read; null: nothing was read
	Error string   `json:"error,omitempty"`
}

func scanVerb() Verb {
	return Verb{Name: "scan", Args: "PATH...", Short: "read codes from pictures, folders of pictures and films",
		Long: `Folders are searched through; each picture is a line. Films need ffmpeg.
--clip takes the pictures of a folder, in name order, as the frames of one film
at 30 a second, and says in which frame the code was read first.
Exit code 1: not every file had a code that could be read.`,
		Flags: func(c *Call) {
			c.Values["clip"] = c.FS.Bool("clip", false, "take a folder's pictures as the frames of one film")
		},
		Run: runScan}
}

func runScan(ctx context.Context, c *Call) error {
	if c.FS.NArg() == 0 {
		return Usagef("name at least one picture, folder or film")
	}
	clip := *c.Values["clip"].(*bool)
	reader := qr.NewReader(qr.Options{Wanted: engine.IsHealthCode, Synchronous: true})
	defer reader.Close()
	unread := 0
	tell := func(s scanned) error {
		if len(s.Texts) == 0 {
			unread++
			s.Texts = []string{}
		}
		return c.printScan(s)
	}
	for _, path := range c.FS.Args() {
		if err := ctx.Err(); err != nil {
			return err
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			err = tell(scanned{File: path, Error: "the file cannot be read"})
		case clip && info.IsDir():
			err = tell(scanFilm(ctx, reader, path, &still.Folder{Dir: path, FPS: 30, Fast: true}))
		case !info.IsDir() && still.IsFilm(path):
			err = tell(scanFilm(ctx, reader, path, &still.Film{Path: path}))
		default:
			var files []string
			if files, err = still.Pictures(path); err != nil {
				err = tell(scanned{File: path, Error: "the folder cannot be read"})
				break
			}
			for _, f := range files {
				if err = tell(scanStill(reader, f)); err != nil || ctx.Err() != nil {
					break
				}
			}
		}
		if err != nil {
			return err
		}
	}
	if unread > 0 {
		return Failed
	}
	return nil
}

func (c *Call) printScan(s scanned) error {
	if c.JSON {
		return c.Print(s)
	}
	what := "no code"
	switch {
	case s.Error != "":
		what = s.Error
	case len(s.Texts) > 0:
		what = strings.Join(s.Texts, "\n  ")
	}
	at := ""
	if s.Frame != nil && *s.Frame > 0 {
		at = fmt.Sprintf(", frame %d", *s.Frame)
	}
	_, err := fmt.Fprintf(c.Stdout, "%s (%.1f ms%s)\n  %s\n", s.File, s.MS, at, what)
	return err
}

func scanStill(r *qr.Reader, path string) scanned {
	out := scanned{File: path}
	img, err := still.Load(path)
	if err != nil {
		out.Error = "not a picture that can be read"
		return out
	}
	start := time.Now()
	readings := r.Still(img)
	out.MS = millis(time.Since(start))
	out.add(readings, 0)
	return out
}

func millis(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

func (s *scanned) add(readings []camera.Reading, frame int) {
	for _, g := range readings {
		s.Texts = append(s.Texts, g.Text)
	}
	if s.Frame == nil && len(readings) > 0 {
		s.Frame = &frame
	}
}

// scanFilm reads frame after frame until a health code is found. MS is the
// time of all frames up to then.
func scanFilm(ctx context.Context, r *qr.Reader, path string, src camera.Source) scanned {
	out := scanned{File: path}
	r.Reset()
	stream, err := src.Open(ctx)
	if err != nil {
		out.Error = "not a film that can be read"
		if errors.Is(err, still.ErrNoFFmpeg) {
			out.Error = err.Error()
		}
		return out
	}
	defer stream.Close()
	var f camera.Frame
	for n := 0; ctx.Err() == nil; n++ {
		if err := stream.Read(&f); err != nil {
			if !errors.Is(err, io.EOF) {
				out.Error = "a frame cannot be read"
			}
			break
		}
		f.Seq = uint64(n)
		f.At = time.Unix(0, 0).Add(time.Duration(n) * time.Second / 30)
		start := time.Now()
		res := r.Frame(f)
		out.MS += millis(time.Since(start))
		out.add(res.Readings, n)
		for _, g := range res.Readings {
			if engine.IsHealthCode(g.Text) {
				return out
			}
		}
	}
	return out
}
