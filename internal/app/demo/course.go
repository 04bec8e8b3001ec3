package demo

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/openstall/openstall/internal/domain/course"
	"github.com/openstall/openstall/internal/domain/order"
	"github.com/openstall/openstall/internal/domain/payment/testpay"
	"github.com/openstall/openstall/internal/kit/text"
)

// school is the stall that sells a course.
const school = "sums-ms-okafor"

// taught is a lesson of it.
type taught struct {
	title, notes text.Local
	seconds      int
	graph        string // from the classroom [0] and the bread [1] to a picture [v]
}

var lessons = []taught{
	{both("What is a half?", "一半是多少？"), both("Cut one loaf into two. Are both the same? How do you know?", "把面包切成两半。两半一样大吗？怎么知道？"), 8,
		"[0]scale=760:-2,crop=640:360:x='8*t':y=40[b];[1]scale=220:220[c];[b][c]overlay=x=390:y='110+10*sin(t)'[v]"},
	{both("Quarters, and half of a half", "四分之一，一半的一半"), both("Cut a half again. How many pieces make the loaf?\nWrite it down as you see it.", "把一半再切一半。几块是一整个？\n看到什么就写什么。"), 12,
		"[0]hflip,scale=820:-2,crop=640:360:x='6*t':y=60[b];[1]scale=200:200,split[c][d];[b][c]overlay=90:110[e];[e][d]overlay=x=350:y='110+8*sin(t)'[v]"},
	{both("Adding what is not the same size", "大小不同怎么加"), both("A half and a quarter: make the pieces equal first, then count.", "二分之一加四分之一：先切成一样大，再数。"), 12,
		"[0]scale=900:-2,crop=640:360:x='260-20*t':y=120[b];[1]scale=150:150,split=3[c][d][e];[b][c]overlay=60:160[f];[f][d]overlay=240:160[g];[g][e]overlay=x=420:y='160+6*sin(2*t)'[v]"},
}

// addLessons films the lessons of the school and gives them to its course; the
// first is for everybody.
func (s *seeder) addLessons(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "demo-lesson-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	sh, owner, product := s.shops[school], s.people[ownerOf(school)], s.goods[school+"/bread"].ID
	for i, l := range lessons {
		made, err := s.Courses.AddLesson(ctx, sh.ID, product, course.Words{Title: l.title, Notes: l.notes, Preview: i == 0})
		if err != nil {
			return err
		}
		path := filepath.Join(dir, fmt.Sprint(i, ".mp4"))
		if err := l.film(ctx, path); err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		info, err := f.Stat()
		if err == nil {
			_, err = s.Courses.SetFilm(ctx, sh.ID, owner.ID, made.ID, 0, 0, f, info.Size())
		}
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// film makes the film of a lesson: lying, and with a quiet room's sound.
func (l taught) film(ctx context.Context, path string) error {
	args := []string{"-hide_banner", "-loglevel", "error", "-nostdin", "-y"}
	graph := strings.NewReplacer("[0]", "[p0]", "[1]", "[p1]").Replace(l.graph)
	for i, name := range []string{"scene-classroom", "bread"} {
		b, err := art.ReadFile("art/" + name + ".jpg")
		if err != nil {
			return err
		}
		file := filepath.Join(filepath.Dir(path), name+".jpg")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			return err
		}
		args = append(args, "-i", file)
		graph = fmt.Sprintf("[%d:v]format=yuv420p,loop=loop=-1:size=1,fps=15,setpts=N/15/TB[p%d];", i, i) + graph
	}
	args = append(args, "-f", "lavfi", "-i", "anoisesrc=color=brown:amplitude=0.04:sample_rate=48000:seed=4,lowpass=f=420",
		"-filter_complex", graph, "-map", "[v]", "-map", "2:a", "-t", fmt.Sprint(l.seconds),
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k", "-f", "mp4", path)
	if out, err := exec.CommandContext(ctx, "ffmpeg", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("make lesson: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// learn sells the course: Ana has seen all of it, Rosa is half way, Lena has not
// begun.
func (s *seeder) learn(ctx context.Context) error {
	s.clock.jump(s.clock.Now().Add(10 * time.Minute))
	all, err := s.taughtLessons(ctx)
	if err != nil {
		return err
	}
	for _, p := range []struct {
		who  string
		seen []time.Duration // of each lesson
	}{
		{"ana", []time.Duration{all[0].Length(), all[1].Length(), all[2].Length()}},
		{"rosa", []time.Duration{all[0].Length(), all[1].Length(), 0}},
		{"lena", nil},
	} {
		o, err := s.buy(ctx, purchase{who: p.who, slug: school, picture: "bread", quantity: 1, kind: order.ByOnline, pay: testpay.Succeed})
		if err != nil {
			return err
		}
		if err := s.watch(ctx, o, all, p.seen); err != nil {
			return fmt.Errorf("%s learns: %w", p.who, err)
		}
		s.clock.jump(s.clock.Now().Add(3 * time.Minute))
	}
	return nil
}

// taughtLessons waits for the films of the school.
func (s *seeder) taughtLessons(ctx context.Context) ([]course.Lesson, error) {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		all, err := s.Courses.Syllabus(ctx, s.goods[school+"/bread"].ID)
		if err != nil {
			return nil, err
		}
		ready := 0
		for _, l := range all {
			if l.Film.Problem != "" {
				return nil, fmt.Errorf("the film of %s: %s", l.Title.Pick("en"), l.Film.Problem)
			}
			if l.Film.Length > 0 {
				ready++
			}
		}
		if ready == len(lessons) {
			return all, nil
		}
		select {
		case <-time.After(50 * time.Millisecond):
		case <-ctx.Done():
			return nil, fmt.Errorf("lessons are not ready: %w", ctx.Err())
		}
	}
}

// watch opens lessons and sees of each so much; nobody begins who sees nothing.
func (s *seeder) watch(ctx context.Context, o order.Order, all []course.Lesson, seen []time.Duration) error {
	mine, err := s.enrolled(ctx, o)
	if err != nil {
		return err
	}
	for i, d := range seen {
		if d == 0 {
			continue
		}
		if _, err := s.Courses.Watch(ctx, o.Buyer, all[i].ID); err != nil {
			return err
		}
		if _, err := s.Courses.Note(ctx, o.Buyer, mine, all[i].ID, []course.Span{{To: d.Milliseconds()}}, d); err != nil {
			return err
		}
		s.clock.jump(s.clock.Now().Add(d))
	}
	return nil
}

// enrolled waits until an order has opened its course.
func (s *seeder) enrolled(ctx context.Context, o order.Order) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for {
		all, err := s.Courses.OfOrder(ctx, o.Buyer, o.ID)
		if err != nil {
			return "", err
		}
		if len(all) > 0 {
			return all[0].ID, nil
		}
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return "", fmt.Errorf("order %s opens no course: %w", o.Number, ctx.Err())
		}
	}
}
