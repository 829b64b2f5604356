;;; explog-agenda-entry.el --- The lines of an agenda of experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; What stands in an agenda for each experiment: the line that org makes of
;; a heading, with what the server knows before it, and with all the text
;; properties that the commands of an agenda go by.
;;
;; These are some thirty, and each time that org takes a line apart and
;; puts it together it copies them for every part: most of its time, and
;; nearly all its garbage.  So those that are the same in all lines of a
;; log are put on last, when the lines are in the buffer.

;;; Code:

(require 'explog)
(require 'explog-agenda-scan)
(require 'org)
(require 'org-agenda)
(require 'seq)

(defcustom explog-agenda-extra-format "%7p %5d %i"
  "What an agenda tells of an experiment beside its heading.
In this, `%p' is the progress, as [1/3] for one of three steps done,
`%d' how many days ago the last commit was made that refers to it, as
12d, and `%i' the id in brackets if it is not in the heading.  A number
before the letter is the width.  `%p' and `%d' are what the server knows,
and are left blank without one."
  :type 'string
  :group 'explog)

;;;; Making lines

(defvar explog-agenda-entry--today nil
  "When today began, in seconds since 1970, while lines are made.")

(defun explog-agenda-entry-make (nodes facts)
  "Return the lines for NODES of this buffer, for `explog-agenda-entry-insert'.
FACTS is what the server knows, or nil."
  (let ((explog-agenda-entry--today (explog-agenda-entry--midnight))
        (format (explog-agenda-entry--extra-format))
        (common (append '(face default)
                        (and (explog-agenda-entry--whole-p)
                             (explog-agenda-entry--common)))))
    (org-with-wide-buffer
     (mapcar (lambda (node)
               (goto-char (explog-agenda-node-position node))
               (explog-agenda-entry--line
                node (explog-agenda-entry--fact node facts) format common))
             nodes))))

(defun explog-agenda-entry--midnight ()
  "Return when today began, in seconds since 1970."
  (pcase-let ((`(,_ ,_ ,_ ,day ,month ,year . ,_) (decode-time)))
    (time-convert (encode-time (list 0 0 0 day month year nil -1 nil)) 'integer)))

(defun explog-agenda-entry--line (node fact format common)
  "Return the line for NODE, whose heading is at point.
FACT is the server's row for it, or nil; FORMAT is from
`explog-agenda-entry--extra-format', and COMMON are text properties."
  (let* ((own (explog-agenda-entry--own node))
         (heading (apply #'propertize (explog-agenda-entry--heading node) own))
         (stamp (org-agenda-entry-get-agenda-timestamp (point)))
         (level (org-reduced-level (explog-agenda-node-level node)))
         (line (org-agenda-format-item
                (explog-agenda-entry--extra format node fact heading)
                heading (make-string level ?\s)
                (explog-agenda-node-category node)
                (explog-agenda-node-tags node)))
         (marker (org-agenda-new-marker)))
    (add-text-properties
     0 (length line)
     `( org-marker ,marker
        org-hd-marker ,marker
        todo-state ,(explog-agenda-node-todo node)
        ts-date ,(car stamp)
        priority ,(explog-agenda-entry--priority line)
        type ,(concat "tagsmatch" (cdr stamp))
        explog-id ,(explog-agenda-node-id node)
        ,@own ,@common)
     line)
    line))

(defun explog-agenda-entry--heading (node)
  "Return the heading of NODE, which is at point, as `org-get-heading' does.
It has no text properties: org gives it new ones."
  (let ((case-fold-search nil))
    (looking-at org-complex-heading-regexp))
  (concat (and (eq org-tags-match-list-sublevels 'indented)
               (make-string (1- (org-reduced-level (explog-agenda-node-level node))) ?.))
          (mapconcat #'identity
                     (delq nil (list (match-string-no-properties 2)
                                     (match-string-no-properties 3)
                                     (or (match-string-no-properties 4) "")
                                     (match-string-no-properties 5)))
                     " ")))

(defun explog-agenda-entry--own (node)
  "Return the text properties by which org may sort and show NODE, if it has any."
  (let ((effort (explog-agenda-node-effort node))
        (cookie (get-text-property (line-end-position) 'org-stats)))
    (append (and cookie (list 'org-stats cookie))
            (and effort
                 (list 'effort effort
                       'effort-minutes
                       (ignore-errors (org-duration-to-minutes effort)))))))

(defun explog-agenda-entry--priority (line)
  "Return the priority of LINE as `org-get-priority' does.
That takes 0.1 ms for a line that has none."
  (org-get-priority (if (or (functionp org-priority-get-priority-function)
                            (string-search "[#" line))
                        line
                      "")))

(defun explog-agenda-entry--whole-p ()
  "Return non-nil if lines need all their text properties at once.
The user may sort or filter by a function, or by what is behind the
keyword, or have the keyword shown in another way."
  (or org-agenda-before-sorting-filter-function
      (not (member org-agenda-todo-keyword-format '("%-1s" "%s")))
      (explog-agenda-entry-sorts-by-p 'alpha-up 'alpha-down
                                      'user-defined-up 'user-defined-down)))

(defun explog-agenda-entry-sorts-by-p (&rest criteria)
  "Return non-nil if this agenda is sorted by one of CRITERIA."
  (seq-some (lambda (criterion) (memq criterion org-agenda-sorting-strategy-selected))
            criteria))

(defun explog-agenda-entry--common ()
  "Return the text properties that all lines of this buffer have.
They are in no line but by `explog-agenda-entry-insert', unless
`explog-agenda-entry--whole-p'."
  (list 'done-face 'org-agenda-done
        'undone-face 'default
        'mouse-face 'highlight
        'org-not-done-regexp org-not-done-regexp
        'org-todo-regexp org-todo-regexp
        'org-complex-heading-regexp org-complex-heading-regexp
        'help-echo (format "mouse-2 or RET jump to Org file %S"
                           (abbreviate-file-name
                            (or (buffer-file-name (buffer-base-buffer))
                                (buffer-name (buffer-base-buffer)))))))

;;;; What the server knows

(defconst explog-agenda-entry--spec-regexp "%\\(-?[0-9]*\\)\\([pdi]\\)"
  "Matches what is replaced in `explog-agenda-extra-format'.")

(defun explog-agenda-entry-needs-facts-p ()
  "Return non-nil if something is shown that the server alone knows."
  (seq-intersection '("p" "d") (cdr (explog-agenda-entry--extra-format))))

(defun explog-agenda-entry--extra-format ()
  "Return `explog-agenda-extra-format' as (FORMAT LETTER...), for `format'."
  (let (letters)
    (cons (replace-regexp-in-string
           explog-agenda-entry--spec-regexp
           (lambda (spec)
             (push (substring spec -1) letters)
             (concat (substring spec 0 -1) "s"))
           explog-agenda-extra-format t t)
          (nreverse letters))))

(defun explog-agenda-entry--fact (node facts)
  "Return the row for NODE in FACTS, or nil.
Where several logs have its id, it is that of this one."
  (when-let ((rows (and facts (gethash (explog-agenda-node-id node) facts))))
    (or (and (cdr rows)
             (seq-find (lambda (row)
                         (equal (file-truename (aref row 1))
                                (expand-file-name buffer-file-truename)))
                       rows))
        (car rows))))

(defun explog-agenda-entry--extra (format node fact heading)
  "Return what is told of NODE beside its HEADING, in FORMAT.
That is from `explog-agenda-entry--extra-format'.  FACT is the server's
row, or nil."
  (apply #'format (car format)
         (mapcar (lambda (letter)
                   (pcase letter
                     ("p" (explog-agenda-entry--progress fact))
                     ("d" (explog-agenda-entry--days fact))
                     (_ (explog-agenda-entry--missing-id node heading))))
                 (cdr format))))

(defun explog-agenda-entry--progress (fact)
  "Return the progress by FACT, as [1/3], or the empty string."
  (pcase fact
    ((and `[,_ ,_ ,ticked ,steps ,_] (guard (> steps 0)))
     (format "[%d/%d]" ticked steps))
    (_ "")))

(defun explog-agenda-entry--days (fact)
  "Return how many days ago the last commit was by FACT, as 12d, or - for none."
  (pcase fact
    ('nil "")
    (`[,_ ,_ ,_ ,_ nil] "-")
    (`[,_ ,_ ,_ ,_ ,time]
     (format "%dd" (max 0 (ceiling (- explog-agenda-entry--today time) 86400))))))

(defun explog-agenda-entry--missing-id (node heading)
  "Return the id of NODE in brackets, or the empty string if it is in HEADING."
  (let ((id (explog-agenda-node-id node)))
    (if (or (string-search (concat "[" id "]") heading)
            (string-search (concat "<<" id ">>") heading))
        ""
      (concat "[" id "] "))))

;;;; In the agenda buffer

(defun explog-agenda-entry-insert (lines)
  "Insert LINES of `explog-agenda-entry-make' as org wants them at point.
Return non-nil if their tags are aligned already."
  (let ((whole (explog-agenda-entry--whole-p))
        (start (point))
        aligned)
    (insert (org-agenda-finalize-entries lines 'tags) "\n")
    (save-excursion
      (save-restriction
        (narrow-to-region start (point))
        (when (setq aligned (explog-agenda-entry--alignable-p))
          (org-agenda-align-tags))
        (unless whole
          (explog-agenda-entry--dress))))
    aligned))

(defun explog-agenda-entry--alignable-p ()
  "Return non-nil if tags in this buffer may be aligned before anything else.
Links in brackets come first, as a part of each is hidden then; and in
an agenda of several blocks org does it at the end.  Other links had
better come later: by the face of a tag org sees that it is none."
  (not (or org-agenda-multi
           (eq org-agenda-remove-tags t)
           (progn (goto-char (point-min))
                  (search-forward "[[" nil t)))))

(defun explog-agenda-entry--dress ()
  "Put on the lines of this buffer what is common to all of a log."
  (let ((org-done-keywords org-done-keywords-for-agenda)
        (common nil))                   ; alist of buffers and text properties
    (goto-char (point-min))
    (while (not (eobp))
      (when-let ((marker (get-text-property (point) 'org-hd-marker))
                 (buffer (marker-buffer marker)))
        (unless (assq buffer common)
          (push (cons buffer (with-current-buffer buffer
                               (explog-agenda-entry--common)))
                common))
        (add-text-properties (point) (line-end-position)
                             (cdr (assq buffer common)))
        (explog-agenda-entry--show-keyword (get-text-property (point) 'todo-state)))
      (forward-line))))

(defun explog-agenda-entry--show-keyword (keyword)
  "Give KEYWORD, the TODO keyword of the line at point or nil, its face."
  (let ((start (text-property-any (point) (line-end-position) 'org-heading t)))
    (when (and keyword start)
      (goto-char start)
      (skip-chars-forward ".")
      (put-text-property (point) (min (+ (point) (length keyword)) (line-end-position))
                         'face (org-get-todo-face keyword)))))

(provide 'explog-agenda-entry)
;;; explog-agenda-entry.el ends here
