//! A page of SVG: lines, boxes, words.

use crate::cli::error::CliError;
use std::fmt::{Display, Write};
use std::path::Path;

/// A page under construction. Distances are in pixels from the upper left corner.
pub struct Page {
    body: String,
    width: f64,
    height: f64,
}

/// Where a text stands relative to its point.
#[derive(Debug, Clone, Copy)]
pub enum Anchor {
    Start,
    Middle,
    End,
}

/// Size and colour of a text.
#[derive(Debug, Clone, Copy)]
pub struct Font {
    pub size: f64,
    pub color: &'static str,
    pub bold: bool,
}

/// Colour, width and dashes of a line.
#[derive(Debug, Clone, Copy)]
pub struct Stroke {
    pub color: &'static str,
    pub width: f64,
    pub dashes: &'static str,
}

impl Page {
    pub fn new(width: f64, height: f64) -> Self {
        let body = String::new();
        let mut page = Self {
            body,
            width,
            height,
        };
        page.rect([0.0, 0.0], [width, height], "#ffffff");
        page
    }

    fn push(&mut self, element: impl Display) {
        // writing to a string cannot fail
        let _ = writeln!(self.body, "{element}");
    }

    pub fn rect(&mut self, [x, y]: [f64; 2], [w, h]: [f64; 2], fill: &str) {
        self.push(format_args!(
            r#"<rect x="{x:.2}" y="{y:.2}" width="{w:.2}" height="{h:.2}" fill="{fill}"/>"#
        ));
    }

    pub fn frame(&mut self, [x, y]: [f64; 2], [w, h]: [f64; 2], color: &str) {
        self.push(format_args!(
            r#"<rect x="{x:.2}" y="{y:.2}" width="{w:.2}" height="{h:.2}" fill="none" stroke="{color}"/>"#
        ));
    }

    /// A picture that stands in the URI; its pixels stay sharp.
    pub fn image(&mut self, [x, y]: [f64; 2], [w, h]: [f64; 2], uri: &str) {
        self.push(format_args!(
            r#"<image x="{x:.2}" y="{y:.2}" width="{w:.2}" height="{h:.2}" preserveAspectRatio="none" style="image-rendering:pixelated" href="{uri}"/>"#
        ));
    }

    pub fn line(&mut self, points: &[[f64; 2]], stroke: Stroke) {
        let mut path = String::with_capacity(points.len() * 12);
        for [x, y] in points {
            let _ = write!(path, "{x:.1},{y:.1} ");
        }
        let Stroke {
            color,
            width,
            dashes,
        } = stroke;
        self.push(format_args!(
            r#"<polyline points="{}" fill="none" stroke="{color}" stroke-width="{width}" stroke-dasharray="{dashes}" stroke-linejoin="round"/>"#,
            path.trim_end()
        ));
    }

    pub fn dot(&mut self, [x, y]: [f64; 2], radius: f64, fill: &str) {
        self.push(format_args!(
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="{radius}" fill="{fill}"/>"#
        ));
    }

    /// Filled boxes of one colour, as (x, y, width, height).
    pub fn boxes(&mut self, boxes: &[[f64; 4]], fill: &str) {
        let mut path = String::with_capacity(boxes.len() * 24);
        for [x, y, w, h] in boxes {
            let _ = write!(path, "M{x:.2} {y:.2}h{w:.2}v{h:.2}h-{w:.2}z");
        }
        self.push(format_args!(r#"<path d="{path}" fill="{fill}"/>"#));
    }

    /// Marks of one colour and size, each around its point.
    pub fn marks(&mut self, at: &[[f64; 2]], [width, height]: [f64; 2], color: &str) {
        let mut path = String::with_capacity(at.len() * 14);
        for [x, y] in at {
            let _ = write!(path, "M{x:.1} {:.1}v{height}", y - height / 2.0);
        }
        self.push(format_args!(
            r#"<path d="{path}" stroke="{color}" stroke-width="{width}"/>"#
        ));
    }

    pub fn text(&mut self, at: [f64; 2], anchor: Anchor, font: Font, text: &str) {
        self.turned(at, anchor, font, 0.0, text);
    }

    /// A text turned by degrees, clockwise.
    pub fn turned(
        &mut self,
        [x, y]: [f64; 2],
        anchor: Anchor,
        font: Font,
        degrees: f64,
        text: &str,
    ) {
        let anchor = match anchor {
            Anchor::Start => "start",
            Anchor::Middle => "middle",
            Anchor::End => "end",
        };
        let weight = if font.bold { "bold" } else { "normal" };
        let turn = if degrees == 0.0 {
            String::new()
        } else {
            format!(r#" transform="rotate({degrees} {x:.1} {y:.1})""#)
        };
        self.push(format_args!(
            r#"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" font-size="{}" font-weight="{weight}" fill="{}"{turn}>{}</text>"#,
            font.size,
            font.color,
            escape(text)
        ));
    }

    /// Writes the page.
    pub fn save(&self, path: &Path) -> Result<(), CliError> {
        let Self {
            body,
            width,
            height,
        } = self;
        let text = format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="Helvetica, Arial, 'DejaVu Sans', sans-serif">
{body}</svg>
"#
        );
        std::fs::write(path, text).map_err(|source| CliError::Write {
            path: path.into(),
            source,
        })
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}
