"""Makes the pictures and golden values of jpeg_test.cpp and picture_test.cpp with Pillow: JPEG files of several kinds
with the pixels that Pillow reads from them, and a picture with what Pillow's resize makes of it.

    python3 images.py       (needs pillow; writes images/*.jpg and images.txt beside itself, in the form that gpt.py
                            describes)

`NAME/pixels` [height, width, channels] are a file's. `resize/N/pixels` is the square in the middle of the picture
`resize/pixels`, resized to N x N with the bilinear filter.
"""
import os

from PIL import Image

here = os.path.dirname(os.path.abspath(__file__))
records = {}


def record(name, image):
    records[name] = ((image.height, image.width, len(image.getbands())), list(image.tobytes()))


def picture(width, height):
    """Smooth colours with an edge in them."""
    image = Image.new("RGB", (width, height))
    for y in range(height):
        for x in range(width):
            edge = 90 if x > y else 0
            image.putpixel((x, y), (40 + 150 * x // width, 200 - 120 * y // height, 60 + edge + 50 * x * y // (width * height)))
    return image


os.makedirs(os.path.join(here, "images"), exist_ok=True)
colour = picture(21, 14)
black = Image.new("L", colour.size)
black.putdata([5 * (i % 21) for i in range(21 * 14)])
inks = Image.merge("CMYK", (*colour.split(), black))
for name, image, options in [
    ("colour", colour, {"quality": 90}),
    ("progressive", colour, {"quality": 90, "progressive": True}),
    ("full", colour, {"quality": 95, "subsampling": 0}),
    ("grey", colour.convert("L"), {"quality": 90}),
    ("cmyk", inks, {"quality": 95}),
]:
    path = os.path.join(here, "images", name + ".jpg")
    image.save(path, **options)
    read = Image.open(path)
    record(name + "/pixels", read.convert("RGB") if read.mode == "CMYK" else read)

wide = picture(23, 17)
record("resize/pixels", wide)
for size in (5, 17, 30):
    left = (wide.width - wide.height) // 2
    record(f"resize/{size}/pixels", wide.crop((left, 0, left + wide.height, wide.height)).resize((size, size), Image.BILINEAR))

with open(os.path.join(here, "images.txt"), "w") as out:
    for name, (shape, values) in records.items():
        out.write(" ".join([name, *map(str, shape)]) + "\n" + " ".join(map(str, values)) + "\n")
