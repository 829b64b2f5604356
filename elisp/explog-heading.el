;;; explog-heading.el --- Read the headings of experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; Which headings are experiments, and which ids they have.  The server
;; reads files by the same rules (heading.py and scan.py); both are tested
;; with tests/data/headings.json.
;;
;; Nothing here needs Org mode: a log may be in a temporary buffer, or
;; visited in another mode.

;;; Code:

(require 'explog-base)
(require 'seq)
(require 'subr-x)

(defconst explog-heading-id-regexp "[0-9][0-9A-Za-z_-]\\{0,63\\}"
  "Matches the id of an experiment.")

(defconst explog-heading--bracketed-regexp
  (format "\\[\\(%1$s\\)\\]\\|<<\\(%1$s\\)>>" explog-heading-id-regexp)
  "Matches a possible id in a heading, `[201]' or `<<201>>'.")

(defconst explog-heading--no-id-regexp
  "\\`[0-9]\\{4\\}-[0-9][0-9]-[0-9][0-9]\\'"
  "Matches a date; a date in brackets is not an id.")

(defconst explog-heading--lead-regexp
  "\\`\\(?:\\(?:[^][ \t\n<]+\\|\\[[^]0-9]\\]\\)[ \t]+\\)?\\(?:\\[#[A-Z0-9]+\\][ \t]*\\)?\\'"
  "Matches the text allowed before the id: a keyword and a priority.")

(defconst explog-heading-cookie-regexp "\\[[0-9]*\\(?:%\\|/[0-9]*\\)\\]"
  "Matches a statistics cookie.")

(defconst explog-heading--tags-regexp
  "\\(?:\\`\\|[ \t]\\)\\(:[[:alnum:]_@#%:-]*:\\)[ \t\r]*\\'"
  "Matches the tags at the end of a heading's text.")

(defconst explog-heading--uuid-regexp
  "\\`[[:xdigit:]]\\{8\\}-\\(?:[[:xdigit:]]\\{4\\}-\\)\\{3\\}[[:xdigit:]]\\{12\\}\\'"
  "Matches a UUID, which identifies an entry but is not an experiment id.")

(defconst explog-heading--property-regexp
  "[ \t]*:\\([^ \t\r\n:]+?\\)\\+?:[ \t]*\\(.*?\\)[ \t\r]*$"
  "Matches a line of a property drawer.")

;;;; Ids

(defun explog-heading-id-p (name)
  "Return non-nil if NAME, a string or nil, can be the id of an experiment."
  (let ((case-fold-search nil))
    (and name
         (string-match-p (concat "\\`" explog-heading-id-regexp "\\'") name)
         (not (string-match-p explog-heading--uuid-regexp name)))))

(defun explog-heading-id (&optional no-mention)
  "Return the id of the entry whose heading is at point, or nil.
An id at the beginning of the title is preferred to one in the property
drawer, and that to one elsewhere in the title.  With NO-MENTION
non-nil, ignore the latter.  Point is at the beginning of the heading."
  (let ((text (explog-heading--bare (explog-heading-text))))
    (pcase (explog-heading--bracketed text)
      (`(,id ,start ,_)
       (if (explog-heading--leading-p text start)
           id
         (or (explog-heading--property-id) (unless no-mention id))))
      (_ (explog-heading--property-id)))))

(defun explog-heading-leading-id ()
  "Return the id with which the title of the heading at point begins, or nil."
  (let ((text (explog-heading--bare (explog-heading-text))))
    (pcase (explog-heading--bracketed text)
      (`(,id ,start ,_)
       (and (explog-heading--leading-p text start) id)))))

(defun explog-heading--bare (text)
  "Return the heading TEXT without statistics cookies."
  (string-trim-left
   (if (string-match-p "\\[[0-9]*[/%]" text)
       (replace-regexp-in-string explog-heading-cookie-regexp "" text)
     text)))

(defun explog-heading--bracketed (text)
  "Return (ID START END) for the first id in brackets in TEXT, or nil."
  (let ((case-fold-search nil) (from 0) found)
    (while (and (not found)
                (string-match explog-heading--bracketed-regexp text from))
      (let ((start (match-beginning 0)) (end (match-end 0)))
        (setq from (1+ start))
        (when (or (match-beginning 2)
                  (explog-heading--own-brackets-p text start end))
          (setq found (list (or (match-string 1 text) (match-string 2 text))
                            start end)))))
    found))

(defun explog-heading--own-brackets-p (text start end)
  "Return non-nil if the brackets in TEXT from START to END can hold an id.
They must not be part of a link, of `a[3]' or of a Markdown link, and
must not hold a date."
  (save-match-data
    (not (or (and (< 0 start)
                  (string-match-p "[][_[:alnum:]]" (substring text (1- start) start)))
             (and (< end (length text))
                  (memq (aref text end) '(?\] ?\()))
             (string-match-p explog-heading--no-id-regexp
                             (substring text (1+ start) (1- end)))))))

(defun explog-heading--leading-p (text start)
  "Return non-nil if the id at START in TEXT is at the beginning of the title."
  (let ((case-fold-search nil))
    (string-match-p explog-heading--lead-regexp (substring text 0 start))))

(defun explog-heading--property-id ()
  "Return the id in the property drawer of the heading at point, or nil."
  (let* ((properties (explog-heading-properties))
         (custom (cdr (assoc "CUSTOM_ID" properties)))
         (own (cdr (assoc "ID" properties))))
    (cond ((explog-heading-id-p custom) custom)
          ((explog-heading-id-p own) own))))

(defun explog-heading-text ()
  "Return the text of the heading at point, without the stars."
  (save-excursion
    (skip-chars-forward "*")
    (buffer-substring-no-properties (min (1+ (point)) (line-end-position))
                                    (line-end-position))))

(defun explog-heading-properties ()
  "Return the properties of the heading at point as an alist.
Names are in capitals.  If a name occurs several times, the last
occurrence is the first in the alist.  The drawer must be on the next
line, or on the line after the planning line."
  (save-excursion
    (forward-line)
    (when (let (case-fold-search)
            (looking-at-p "[ \t]*\\(?:CLOSED\\|DEADLINE\\|SCHEDULED\\):"))
      (forward-line))
    (let ((case-fold-search t) found)
      (when (looking-at-p "[ \t]*:properties:[ \t\r]*$")
        (forward-line)
        (while (and (not (looking-at-p "[ \t]*:end:[ \t\r]*$"))
                    (looking-at explog-heading--property-regexp))
          (push (cons (upcase (match-string-no-properties 1))
                      (match-string-no-properties 2))
                found)
          (forward-line))
        ;; Without an end, it is not a drawer.
        (and (looking-at-p "[ \t]*:end:") found)))))

;;;; Tags and titles

(defun explog-heading-experiment-id ()
  "Return the id of the experiment whose heading is at point, or nil."
  (and (explog-heading-id)
       (explog-heading-id-beneath
        (unless (explog-heading-tagged-p (explog-heading-text))
          (explog-heading--ids-above)))))

(defun explog-heading-id-beneath (ids &optional tagged)
  "Return the id of the heading at point if that is an experiment, or nil.
IDS are the ids of the experiments that contain it.  Tags are inherited,
so it has their tag.  If it has no tag of its own, it is an experiment of
its own only if its id is none of IDS and more than a mention in its
title.  TAGGED non-nil means that it is known to have the tag."
  (when-let ((id (explog-heading-id)))
    (cond ((null ids) (and (or tagged (explog-heading--has-tag-p)) id))
          ((explog-heading-tagged-p (explog-heading-text)) id)
          ((not (member id ids)) (explog-heading-id t)))))

(defun explog-heading--ids-above ()
  "Return the ids of the experiments that contain the heading at point."
  (save-excursion
    (let (path above ids)
      (while (setq above (explog-heading-parent))
        (goto-char above)
        (push above path))
      (dolist (position path ids)
        (goto-char position)
        (when-let ((id (explog-heading-id-beneath ids)))
          (push id ids))))))

(defun explog-heading--has-tag-p ()
  "Return non-nil if the heading at point has the tag of an experiment.
The tag may be its own, inherited from a heading above, or the file's."
  (save-excursion
    (let (found above)
      (while (not (or (setq found (explog-heading-tagged-p (explog-heading-text)))
                      (not (setq above (explog-heading-parent)))))
        (goto-char above))
      (or found (explog-heading-file-tagged-p)))))

(defun explog-heading-level ()
  "Return the level of the heading at point."
  (save-excursion (skip-chars-forward "*")))

(defun explog-heading-parent ()
  "Return the position of the parent of the heading at point, or nil."
  (let ((level (explog-heading-level)))
    (when (> level 1)
      (save-excursion
        (re-search-backward (format "^\\*\\{1,%d\\} " (1- level)) nil t)))))

(defun explog-heading-tagged-p (text)
  "Return non-nil if the heading TEXT has the tag of an experiment."
  (and (string-match explog-heading--tags-regexp text)
       (seq-some #'explog-heading-tag-p
                 (split-string (match-string 1 text) ":" t))))

(defun explog-heading-tag-p (tag)
  "Return non-nil if TAG is for experiments; see `explog-tag'."
  (or (string= tag explog-tag)
      (string-prefix-p (concat explog-tag "_") tag)))

(defun explog-heading-file-tagged-p ()
  "Return non-nil if the whole file has the tag of an experiment."
  (let ((case-fold-search t) found)
    (save-excursion
      (goto-char (point-min))
      (while (and (not found) (search-forward "#+filetags:" nil t))
        (setq found
              (and (save-excursion
                     (beginning-of-line)
                     (looking-at-p "[ \t]*#\\+filetags:"))
                   (seq-some #'explog-heading-tag-p
                             (split-string
                              (buffer-substring-no-properties
                               (point) (line-end-position))
                              "[: \t\r]+" t))))))
    found))

(defun explog-heading-title (text)
  "Return the heading TEXT without id, cookies and tags."
  (let ((bare (explog-heading--bare
               (replace-regexp-in-string explog-heading--tags-regexp "" text))))
    (pcase (explog-heading--bracketed bare)
      (`(,_ ,start ,end)
       (setq bare (concat (substring bare 0 start) (substring bare end)))))
    (string-trim (replace-regexp-in-string "[ \t]+" " " bare))))

;;;; All experiments of a buffer

(defun explog-heading-collect ()
  "Return an alist (ID . POSITION) of the experiments in this buffer, in order.
This takes one pass: the tags and ids of the headings above are kept
from heading to heading."
  (let ((above (list (list 0 (explog-heading-file-tagged-p)))) ; (LEVEL TAGGED ID...)
        (gc-cons-threshold (max gc-cons-threshold 50000000))
        found)
    (save-excursion
      (goto-char (point-min))
      (while (re-search-forward "^\\*+ " nil t)
        (let* ((start (match-beginning 0))
               (level (- (point) start 1)))
          (while (>= (caar above) level)
            (pop above))
          (pcase-let* ((`(,_ ,inherited . ,ids) (car above))
                       (tagged (or inherited (explog-heading--tagged-here-p)))
                       (id (and tagged (explog-heading--id-here start ids))))
            (push `(,level ,tagged ,@(and id (list id)) . ,ids) above)
            (when id
              (push (cons id start) found))))))
    (nreverse found)))

(defun explog-heading--tagged-here-p ()
  "Return non-nil if the heading that point is in has the tag of an experiment."
  (save-excursion
    (let ((start (point)))
      (end-of-line)
      (skip-chars-backward " \t\r" start)
      (and (eq (char-before) ?:)
           (explog-heading-tagged-p
            (buffer-substring-no-properties start (line-end-position)))))))

(defun explog-heading--id-here (start ids)
  "Return the id of the tagged heading at START, or nil if it has none.
Point is in its line.  IDS are the ids of the experiments that contain it."
  (when (explog-heading-maybe-id-p)
    (save-excursion
      (goto-char start)
      (explog-heading-id-beneath ids t))))

(defun explog-heading-maybe-id-p ()
  "Return nil if the heading that point is in cannot have an id.
This is a quick check for the many headings without one."
  (or (looking-at-p ".*\\(?:\\[[0-9][0-9A-Za-z_-]*\\]\\|<<[0-9]\\)")
      (save-excursion
        (forward-line)
        (skip-chars-forward " \t")
        (memq (char-after) '(?: ?C ?D ?S))))) ; a drawer, or a planning line

(provide 'explog-heading)
;;; explog-heading.el ends here
