;;; explog-link.el --- Links of org to experiments  -*- lexical-binding: t; -*-

;; Copyright (C) 2026 The explog contributors

;; SPDX-License-Identifier: GPL-3.0-or-later

;; This file is not part of GNU Emacs.

;;; Commentary:

;; The Org link type `exp:'.  `exp:201' links to an experiment, and
;; `exp:201.1' to a step, whichever log has it.  `org-store-link' stores
;; such a link on the heading of an experiment, on a step, and on any
;; reference.
;;
;; An exported link is its description, or text like "e201.1 ABC in XYZ:
;; Test XYZ without ABC".  Only in HTML it is a link, and only if the entry
;; of the experiment is in the same document.
;;
;; `explog-mode' adds the link type when Org is loaded, and removes it when
;; the mode is turned off.

;;; Code:

(require 'cl-lib)
(require 'explog-base)
(require 'explog-cache)
(require 'explog-heading)
(require 'explog-ref)
(require 'explog-steps)
(require 'seq)
(require 'subr-x)

(autoload 'explog-read-reference "explog-complete")
(autoload 'explog-visit-goto "explog-visit")

(declare-function org-element-update-syntax "org-element" ())
(declare-function org-get-heading "org"
                  (&optional no-tags no-todo no-priority no-comment))
(declare-function org-link-get-parameter "ol" (type key))
(declare-function org-link-make-regexps "ol" ())
(declare-function org-link-set-parameters "ol" (type &rest parameters))
(declare-function org-link-store-props "ol" (&rest plist))
(declare-function org-element-map "org-element"
                  (data types fun &optional info first-match no-recursion
                        with-affiliated no-undefer))
(declare-function org-element-property "org-element" (property node &rest rest))
(declare-function org-export-data "ox" (data info))
(declare-function org-export-derived-backend-p "ox" (backend &rest backends))
(declare-function org-export-get-reference "ox" (datum info))
(defvar org-link-parameters)

(defface explog-link-unknown '((t :inherit (warning org-link)))
  "A link to an experiment or a step that no log has."
  :group 'explog)

;;;; Link targets

(defun explog-link-text (reference)
  "Return the description of a link to REFERENCE, (ID . STEP).
This may wait for the server.  Without a server, return the reference."
  (let* ((experiment (explog-link--experiment (car reference)))
         (step (explog-cache-find-step experiment (cdr reference))))
    (explog-link--text reference
                       (and experiment (explog-cache-experiment-title experiment))
                       (and step (explog-cache-step-text step)))))

(defun explog-link--text (reference title text)
  "Return the description of a link to REFERENCE.
TITLE is the title of the experiment, and TEXT that of the step; either
may be nil."
  (concat (explog-ref-string (car reference) (cdr reference))
          (and title (concat " " title))
          (and text (concat ": " text))))

(defvar explog-link--patience 1
  "Seconds to wait for an experiment from the server.")

(defun explog-link--experiment (id)
  "Return experiment ID from the cache or the server, or nil.
Wait while the server has just started and is still reading the logs."
  (let ((known (explog-cache-get id)))
    (when (and (not known) (explog-cache-usable-p))
      (with-timeout (explog-link--patience)
        (while (not (setq known (ignore-errors (explog-cache-fetch id))))
          (accept-process-output nil 0.05))))
    (and (vectorp known) known)))

(defun explog-link--parse (path)
  "Return (ID . STEP) for PATH of a link, or signal a `user-error'."
  (or (explog-ref-parse path)
      (user-error "%s is no experiment, as 201, and no step of one, as 201.1" path)))

;;;; Following, storing and completing

(defun explog-link-follow (path &optional _arg)
  "Go to the experiment or step with PATH."
  (pcase-let ((`(,id . ,step) (explog-link--parse path)))
    (explog-visit-goto id step)))

(defun explog-link-store (&optional _interactive)
  "Store a link to the experiment or step at point; return nil if there is none.
In a log, point must be on a heading or on the first line of a step.
Elsewhere in an experiment, Org stores its usual link."
  (pcase (explog-ref-here)
    (`(,id ,step . ,_)
     (explog-link--store (cons id step) (explog-link-text (cons id step))))
    (_ (when-let ((reference (explog-ref-at-point)))
         (explog-link--store-here reference)))))

(defun explog-link--store (reference description)
  "Store a link with DESCRIPTION to REFERENCE, (ID . STEP)."
  (org-link-store-props
   :type "exp"
   :link (concat "exp:" (substring (explog-ref-string (car reference) (cdr reference)) 1))
   :description description))

(defun explog-link--store-here (reference)
  "Store a link to REFERENCE, (ID . STEP), if that begins on this line of a log.
The description comes from the buffer, saved or not."
  (save-excursion
    (let ((here (line-beginning-position))
          (step (cdr reference)))
      (goto-char (explog-ref-experiment-heading))
      (when (eql here (if step (explog-steps-position step) (point)))
        (explog-link--store
         reference
         (explog-link--text reference
                            (explog-heading-title
                             (substring-no-properties (org-get-heading t t t t)))
                            (and step (explog-steps-bare-text here))))))))

(defun explog-link-complete (&optional _arg)
  "Ask for an experiment and step, and return a link to it."
  (concat "exp:" (explog-read-reference "Link to experiment: ")))

(defun explog-link-description (link description)
  "Return DESCRIPTION, or one for LINK, for `org-insert-link'."
  (or description
      (when-let ((reference (explog-ref-parse (string-remove-prefix "exp:" link))))
        (explog-link-text reference))))

;;;; Faces and tooltips
(defvar explog-link--unsure nil
  "Alist of buffers and ids in their links that may not exist.")

(defun explog-link-face (path)
  "Return the face of a link with PATH, by what is known already.
In an agenda, Org takes tags like `:exp:gpu:' for links.  So return nil
if PATH is not a reference."
  (pcase (save-match-data (explog-ref-parse path)) ; org goes on from the match
    ('nil nil)
    (`(,id . ,step)
     (let ((state (explog-ref-state id step)))
       (unless (eq state 'known)
         (explog-link--doubt id))
       (if (eq state 'unknown) 'explog-link-unknown 'org-link)))))

(defun explog-link--doubt (id)
  "Note that the experiment ID of a link in this buffer may not exist."
  (cl-pushnew id (alist-get (current-buffer) explog-link--unsure) :test #'equal))

(defun explog-link-activate (start end path bracketed)
  "Set the tooltip of the link with PATH from START to END.
If PATH is not a reference and the link not BRACKETED, make it plain
text."
  (let ((reference (save-match-data (explog-ref-parse path))))
    (cond (reference
           (put-text-property start end 'help-echo
                              (lambda (&rest _) (explog-link--tooltip reference))))
          (bracketed
           (add-face-text-property start end 'org-link))
          (t
           (remove-list-of-text-properties
            start end '(mouse-face keymap help-echo htmlize-link))))))

(defun explog-link--tooltip (reference)
  "Return the tooltip of a link to REFERENCE, (ID . STEP)."
  (if-let ((text (explog-ref-describe (car reference) (cdr reference))))
      ;; A title is no documentation, whatever it has in it.
      (propertize text 'help-echo-inhibit-substitution t)
    (concat "LINK: exp:" (substring (explog-ref-string (car reference) (cdr reference)) 1))))

(defun explog-link--changed (ids)
  "Update links to the experiments with IDS, or all links if t."
  (dolist (unsure (prog1 explog-link--unsure
                    (setq explog-link--unsure nil)))
    (pcase-let* ((`(,buffer . ,here) unsure)
                 (new (if (eq ids t) here (seq-intersection here ids)))
                 (old (seq-difference here new)))
      (when (buffer-live-p buffer)
        (when old
          (push (cons buffer old) explog-link--unsure))
        (dolist (id new)
          (explog-link--refontify buffer (concat "exp:" id)))))))

(defun explog-link--refontify (buffer text)
  "Fontify the lines of BUFFER that contain TEXT again."
  (with-current-buffer buffer
    (when font-lock-mode
      (save-excursion
        (save-restriction
          (widen)
          (goto-char (point-min))
          (while (search-forward text nil t)
            (font-lock-flush (line-beginning-position) (line-end-position))
            (forward-line)))))))

;;;; Export

(defun explog-link-export (path description _backend info)
  "Return the link with PATH and DESCRIPTION in the form for export.
DESCRIPTION is exported already, or nil.  INFO is Org's plist of the
export."
  (let* ((reference (explog-ref-parse path))
         (text (or description
                   (explog-link-export--text
                    (if reference (explog-link-text reference) path)
                    info))))
    (if (explog-link-export--html-p info)
        (explog-link-export--html text (explog-link-export--anchor (car reference) info))
      text)))

(defun explog-link-export--text (text info)
  "Return plain TEXT in the form for the export INFO, with escapes."
  ;; Org looks for what stands around a quote, and there is nothing around it.
  (org-export-data text (append '(:with-smart-quotes nil) info)))

(defun explog-link-export--html-p (info)
  "Return non-nil if INFO is of an export to HTML.
Markdown, whose backend is derived from HTML, does not count."
  (let ((backend (plist-get info :back-end)))
    (and backend
         (org-export-derived-backend-p backend 'html)
         (not (org-export-derived-backend-p backend 'md)))))

(defun explog-link-export--html (text anchor)
  "Return TEXT as HTML: a link to ANCHOR unless that is nil."
  (if anchor
      (format "<a href=\"#%s\" class=\"explog\">%s</a>"
              (replace-regexp-in-string
               "[&<>\"]" (lambda (sign) (format "&#%d;" (aref sign 0))) anchor t t)
              text)
    (format "<span class=\"explog\">%s</span>" text)))

;;;; Entries in the same document

(defvar explog-link-export--headlines (make-hash-table :test #'eq :weakness 'key)
  "Maps the tree of a document to an alist (ID . HEADLINE) of its experiments.")

(defun explog-link-export--anchor (id info)
  "Return the anchor of experiment ID in the document of INFO, or nil."
  (when-let ((headline (and id (cdr (assoc id (explog-link-export--experiments info))))))
    (or (org-element-property :CUSTOM_ID headline)
        (org-export-get-reference headline info))))

(defun explog-link-export--experiments (info)
  "Return an alist (ID . HEADLINE) of the experiments in the document of INFO."
  (let ((tree (plist-get info :parse-tree)))
    (pcase (gethash tree explog-link-export--headlines 'new)
      ('new (puthash tree (explog-link-export--collect tree)
                     explog-link-export--headlines))
      (known known))))

(defun explog-link-export--collect (tree)
  "Return an alist (ID . HEADLINE) of the experiments in TREE.
Org exports from a copy of the buffer, which is current; TREE is the
exported part of it."
  (let ((ids (make-hash-table)))
    (pcase-dolist (`(,id . ,position) (explog-heading-collect))
      (puthash position id ids))
    (org-element-map tree 'headline
      (lambda (headline)
        (when-let ((id (gethash (org-element-property :begin headline) ids)))
          (cons id headline))))))

;;;; On and off

(defconst explog-link--parameters
  '(:follow explog-link-follow
    :store explog-link-store
    :complete explog-link-complete
    :insert-description explog-link-description
    :export explog-link-export
    :face explog-link-face
    :activate-func explog-link-activate)
  "The properties of the link type.")

(defun explog-link--ours-p ()
  "Return non-nil if Org has our link type, and not one of the user's."
  (eq (org-link-get-parameter "exp" :follow) #'explog-link-follow))

(defun explog-link-install ()
  "Add the link type to Org, unless the user has one with that name.
The feature `ol' must be loaded."
  (if (and (assoc "exp" org-link-parameters) (not (explog-link--ours-p)))
      (message "explog: org has a link type exp: already, and keeps it")
    (apply #'org-link-set-parameters "exp" explog-link--parameters)
    (add-hook 'explog-cache-changed-functions #'explog-link--changed)
    (explog-link--refontify-all)))

(defun explog-link-uninstall ()
  "Remove the link type from Org."
  (setq explog-link--unsure nil)
  (remove-hook 'explog-cache-changed-functions #'explog-link--changed)
  (when (and (featurep 'ol) (explog-link--ours-p))
    (setq org-link-parameters
          (remove (assoc "exp" org-link-parameters) org-link-parameters))
    (org-link-make-regexps)
    (when (featurep 'org-element)
      (org-element-update-syntax))
    (explog-link--refontify-all)))

(defun explog-link--refontify-all ()
  "Fontify the links to experiments in all Org buffers again."
  (dolist (buffer (buffer-list))
    (when (provided-mode-derived-p (buffer-local-value 'major-mode buffer) 'org-mode)
      (explog-link--refontify buffer "exp:"))))

(provide 'explog-link)
;;; explog-link.el ends here
