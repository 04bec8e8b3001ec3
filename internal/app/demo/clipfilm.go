package demo

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Clips are this large and long; they are made small, because the market makes a
// film of each and people wait for it.
const (
	clipWidth   = 540
	clipHeight  = 960
	clipSeconds = 5
)

// looks are ways to film a ware: filters from the ware's picture [w], a square of
// 640 pixels, and the stall's [s], of any size, to a picture [v] of a clip. Where
// a stall has one ware, each of its clips has another look.
var looks = []string{
	// Near, with a hand that is not quite still.
	"[w]scale=1160:1160,crop=540:960:x='310+90*sin(t/1.9)':y='100+60*sin(t/2.7)'[v]",
	// The ware rises in front of its stall.
	"[s]scale=700:1040:force_original_aspect_ratio=increase,crop=540:960:x='(iw-ow)*t/9':y='(ih-oh)/2'[b];[w]scale=430:430[c];[b][c]overlay=x=55:y='max(430,960-500*t)'[v]",
	// A detail above, the whole below.
	"[w]split[a][b];[a]crop=320:284:x='60+200*t/5':y=150,scale=540:480[c];[b]scale=540:540,crop=540:480:0:'30+20*sin(t)'[d];[c][d]vstack[v]",
	// Mirrored, and slowly nearer.
	"[w]hflip,scale=w='2*trunc((960+36*t)/2)':h=-2:eval=frame,crop=540:960:x='(iw-ow)*0.62':y='(ih-oh)/2'[v]",
	// Close to a corner, downwards.
	"[w]crop=300:533:x=20:y='107*t/5',scale=540:960[v]",
	// The stall the other way round, and the ware on a shelf above.
	"[s]hflip,scale=620:1000:force_original_aspect_ratio=increase,crop=540:960:x='(iw-ow)*(1-t/8)':y='(ih-oh)*0.8'[b];[w]scale=300:300[c];[b][c]overlay=x='200+30*sin(t/1.4)':y=250[v]",
	// Three strips that pass each other.
	"[w]scale=900:900,split=3[a][b][c];[a]crop=540:320:x='360*t/5':y=40[d];[b]crop=540:320:x='360-360*t/5':y=300[e];[c]crop=540:320:x='360*t/5':y=560[f];[d][e][f]vstack=inputs=3[v]",
	// Lying at an angle.
	"[w]scale=1340:1340,rotate='0.5+0.07*sin(t/1.6)',crop=540:960:x=400:y=190[v]",
	// From the other corner, sideways.
	"[w]vflip,crop=320:569:x='320*(1-t/6)':y=50,scale=540:960[v]",
	// The stall, mostly; the ware small in a corner of the table.
	"[s]scale=900:1200:force_original_aspect_ratio=increase,crop=540:960:x='(iw-ow)/2+60*sin(t/2)':y='(ih-oh)*t/7'[b];[w]scale=210:210[c];[b][c]overlay=x=40:y=640[v]",
	// Two halves, one against the other.
	"[w]split[a][b];[a]scale=960:960,crop=270:960:x='60+90*t':y=0[c];[b]hflip,scale=960:960,crop=270:960:x='500-90*t':y=0[d];[c][d]hstack[v]",
	// A frame in a frame.
	"[w]split[a][b];[a]vflip,scale=1000:1000,crop=540:960:230:20,eq=brightness=-0.25[c];[b]scale=460:460,crop=400:400:x='30+30*sin(t)':y=30[d];[c][d]overlay=x=70:y=280[v]",
	// A tile beside a tile.
	"[w]scale=270:270,split=4[a][b][c][d];[b]hflip[e];[c]vflip[f];[d]hflip,vflip[g];[a][e]hstack[h];[f][g]hstack[i];[h][i]vstack,scale=960:960,crop=540:960:x='210+150*sin(t/1.5)':y=0[v]",
	// From far to the left, on its side.
	"[w]transpose=1,scale=1060:1060,crop=540:960:x='40+95*t':y=60[v]",
}

// makeClip films a ware of a stall.
func makeClip(ctx context.Context, look int, mirror bool, ware, cover, path string) error {
	dir := filepath.Dir(path)
	args := []string{"-hide_banner", "-loglevel", "error", "-nostdin", "-y"}
	var graph []string
	filters := looks[look%len(looks)]
	pictures := []string{ware}
	if strings.Contains(filters, "[s]") {
		pictures = append(pictures, cover)
	}
	for i, name := range pictures {
		b, err := art.ReadFile("art/" + name + ".jpg")
		if err != nil {
			return err
		}
		file := filepath.Join(dir, name+".jpg")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			return err
		}
		args = append(args, "-i", file)
		graph = append(graph, fmt.Sprintf("[%d:v]format=yuv420p,loop=loop=-1:size=1,fps=20,setpts=N/20/TB[%c]", i, "ws"[i]))
	}
	if mirror {
		filters = strings.TrimSuffix(filters, "[v]") + ",hflip[v]"
	}
	graph = append(graph, filters)
	args = append(args, "-f", "lavfi", "-i", fmt.Sprintf("anoisesrc=color=brown:amplitude=0.05:sample_rate=48000:seed=%d,lowpass=f=420", look),
		"-filter_complex", strings.Join(graph, ";"), "-map", "[v]", "-map", fmt.Sprintf("%d:a", len(pictures)), "-t", fmt.Sprint(clipSeconds),
		"-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p", "-c:a", "aac", "-b:a", "64k", "-f", "mp4", path)
	if out, err := exec.CommandContext(ctx, "ffmpeg", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("make clip: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}
