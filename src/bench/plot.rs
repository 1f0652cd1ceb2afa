//! Line plots for the generated documents: one SVG from a few series over named points.

use std::fmt::Display;

use anyhow::anyhow;
use plotters::prelude::*;

/// One line of a plot: a value per point, from left to right.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<f64>,
    /// Drawn thicker than the others.
    pub(crate) heavy: bool,
}

/// What a plot shows.
#[derive(Debug, Clone)]
pub(crate) struct Plot {
    pub(crate) title: String,
    pub(crate) x: String,
    pub(crate) y: String,
    /// The points' names; they stand at equal distances.
    pub(crate) points: Vec<String>,
    pub(crate) range: std::ops::Range<f64>,
    pub(crate) series: Vec<Series>,
}

const SIZE: (u32, u32) = (960, 540);
const FONT: &str = "sans-serif";
/// Told apart by most eyes, and in grey by their order.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(90, 90, 90),
];

impl Plot {
    pub(crate) fn svg(&self) -> anyhow::Result<String> {
        let mut svg = String::new();
        self.draw(&mut svg).map_err(|error| anyhow!("the plot could not be drawn: {error}"))?;
        Ok(svg)
    }

    fn draw(&self, svg: &mut String) -> Result<(), Box<dyn std::error::Error>> {
        let root = SVGBackend::with_string(svg, SIZE).into_drawing_area();
        root.fill(&WHITE)?;
        let last = self.points.len().saturating_sub(1) as f64;
        let mut chart = ChartBuilder::on(&root)
            .caption(&self.title, (FONT, 20))
            .margin(16)
            .x_label_area_size(48)
            .y_label_area_size(60)
            .build_cartesian_2d(-0.25..last + 0.25, self.range.clone())?;
        let named = |x: &f64| point_name(&self.points, *x);
        chart
            .configure_mesh()
            .x_labels(self.points.len() * 2)
            .x_label_formatter(&named)
            .x_desc(&self.x)
            .y_desc(&self.y)
            .label_style((FONT, 14))
            .axis_desc_style((FONT, 15))
            .light_line_style(WHITE)
            .bold_line_style(RGBColor(228, 228, 228))
            .draw()?;
        for (series, colour) in self.series.iter().zip(COLOURS.into_iter().cycle()) {
            let style = colour.stroke_width(if series.heavy { 4 } else { 2 });
            // what lies outside of the range is cut off at its edge
            let within = |value: f64| value.clamp(self.range.start, self.range.end);
            let line = series.values.iter().enumerate().map(|(i, value)| (i as f64, within(*value)));
            chart
                .draw_series(LineSeries::new(line, style.filled()).point_size(if series.heavy {
                    4
                } else {
                    2
                }))?
                .label(&series.name)
                .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], style));
        }
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .margin(12)
            .legend_area_size(32)
            .background_style(WHITE.mix(0.9))
            .border_style(RGBColor(200, 200, 200))
            .label_font((FONT, 14))
            .draw()?;
        root.present()?;
        Ok(())
    }
}

/// The name of the point at `x`; between points there is none.
fn point_name(points: &[impl Display], x: f64) -> String {
    let index = x.round();
    let at_point = (x - index).abs() < 1e-6 && index >= 0.0;
    points.get(index as usize).filter(|_| at_point).map(ToString::to_string).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plot_names_its_points_and_series() {
        let plot = Plot {
            title: "title".to_owned(),
            x: "p".to_owned(),
            y: "profit".to_owned(),
            points: ["none", "some"].map(str::to_owned).to_vec(),
            range: 0.0..1.0,
            series: vec![Series { name: "honest".to_owned(), values: vec![0.5, 7.0], heavy: true }],
        };
        let svg = plot.svg().unwrap();
        for text in ["title", "profit", "none", "some", "honest"] {
            assert!(svg.contains(text), "{text} is missing in {svg}");
        }
    }
}
