// The page from top to bottom.

titlePart();
for (const part of [summaryPart, coursePart, samplesPart, tokensPart, walkPart, mapsPart, lensPart, headsPart, wordsPart, geometryPart,
  circuitsPart, classesPart, comparePart]) part();
document.getElementById('footer').textContent =
  `Made by ${DATA.heddle}. This file holds all that it shows and asks for nothing.`;
